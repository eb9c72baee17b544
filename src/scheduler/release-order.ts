/** A place in the order of submission. */
export interface ReleasePlace {
  /** Gives the answer, once its turn has come. */
  release: (() => void) | undefined;
  isLeft: boolean;
}

/** Holds answers back until those of all earlier requests are given or have been given up. */
export interface ReleaseOrder {
  /** Takes the place behind all others. */
  join(): ReleasePlace;
  /** The answer is there: `release` is called when its turn comes, perhaps at once. */
  answer(place: ReleasePlace, release: () => void): void;
  /** The request ended without an execution; nobody waits for it. */
  leave(place: ReleasePlace): void;
}

/** Makes an empty order. */
export function createReleaseOrder(): ReleaseOrder {
  const places: ReleasePlace[] = [];

  function releaseReady(): void {
    for (;;) {
      const first = places[0];
      if (first === undefined || (first.release === undefined && !first.isLeft)) return;
      places.shift();
      first.release?.();
    }
  }

  return {
    join() {
      const place = { release: undefined, isLeft: false };
      places.push(place);
      return place;
    },
    answer(place, release) {
      place.release = release;
      releaseReady();
    },
    leave(place) {
      place.isLeft = true;
      releaseReady();
    },
  };
}
