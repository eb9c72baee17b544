interface SettingBase {
  /** The command line's name, without the dashes; one that may be repeated is in the singular. */
  readonly flag: string;
  readonly description: string;
}

/** One setting: everything that is known of it, in one place. */
export type Setting = SettingBase &
  (
    | { readonly kind: 'text'; readonly default: string | undefined; readonly placeholder: string }
    | { readonly kind: 'texts'; readonly default: readonly string[]; readonly placeholder: string }
    | { readonly kind: 'switch'; readonly default: boolean }
    | { readonly kind: 'choice'; readonly default: string; readonly choices: readonly string[] }
    | ({ readonly kind: 'count' | 'duration' | 'size' } & NumberSetting)
  );

/** Durations are milliseconds and sizes bytes; files and flags may also write `30s` or `64MiB`. */
interface NumberSetting {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}
