import {
  axisPlace,
  axisText,
  axisTicks,
  axisValue,
  drawAxes,
  drawChart,
  drawSeries,
  escapeText,
  fullView,
  plotArea,
  valueRange,
} from './draw-chart.ts';
import {
  bringPageToLife,
  bringToLife,
  isTooNarrow,
  nearestPlace,
  readout,
  viewAfterDrag,
  viewAfterKey,
} from './live-chart.ts';

/** Every function that the page's script needs. */
const parts: readonly ((...given: never[]) => unknown)[] = [
  plotArea,
  fullView,
  axisPlace,
  axisValue,
  valueRange,
  axisTicks,
  axisText,
  escapeText,
  drawSeries,
  drawAxes,
  drawChart,
  nearestPlace,
  readout,
  isTooNarrow,
  viewAfterKey,
  viewAfterDrag,
  bringToLife,
  bringPageToLife,
];

/** The script of a report: the text of the functions that drew its charts, and those that zoom. */
export function pageScript(): string {
  return [`'use strict';`, ...parts.map(String), `${bringPageToLife.name}(document);`].join('\n');
}
