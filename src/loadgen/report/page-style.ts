/** The style of a report. Colours are told apart without hue too: series differ in lightness. */
export const pageStyle: string = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --line: #d9d9e0; --back: #fff;
  --c0: #0b61a4; --c1: #c2410c; --c2: #15803d; --c3: #7c3aed; --c4: #a16207; --c5: #be185d;
  --c6: #0e7490; --c7: #4b5563; --good: #15803d; --bad: #b91c1c; --open: #a16207; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #b0b4ba; --line: #3a3f45;
  --back: #15181c; --c0: #63b3ff; --c1: #ff9a62; --c2: #4ade80; --c3: #c4a7ff; --c4: #facc15;
  --c5: #f9a8d4; --c6: #67e8f9; --c7: #cbd5e1; --good: #4ade80; --bad: #ff8080; --open: #facc15; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--back);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem .2rem 0; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td { overflow-wrap: break-word; } th[scope=row] { white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
.wide { overflow-x: auto; }
.verdict { font-weight: 600; border-left: .3rem solid var(--tone, var(--soft));
  padding: .4rem .8rem; border-radius: .15rem;
  background: color-mix(in srgb, var(--tone, var(--soft)) 12%, transparent); }
.verdict.good { --tone: var(--good); } .verdict.bad { --tone: var(--bad); }
.verdict.open { --tone: var(--open); }
figure { margin: 1.5rem 0; } .note, .readout { color: var(--soft); margin: .2rem 0; }
.readout { min-height: 1.5em; color: var(--ink); font-variant-numeric: tabular-nums; }
.plot { touch-action: pan-y; cursor: crosshair; }
.plot:focus-visible, button:focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; }
svg { display: block; width: 100%; height: auto; user-select: none; }
svg text { fill: var(--soft); font-size: 11px; } svg text.name { fill: var(--ink); }
.grid { stroke: var(--line); fill: none; } .cursor { stroke: var(--ink); fill: none; }
.mark { stroke: var(--bad); stroke-dasharray: 6 4; fill: none; }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.points { fill: none; stroke-width: 3; stroke-linecap: round; opacity: .55; }
.band { opacity: .35; }
${Array.from({ length: 8 }, (_, place) => `.line.c${place}, .points.c${place} { stroke: var(--c${place}); } .band.c${place} { fill: var(--c${place}); } button.c${place}::before { background: var(--c${place}); }`).join('\n')}
.legend { display: flex; flex-wrap: wrap; gap: .3rem; margin: .3rem 0; }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line);
  border-radius: .3rem; padding: .05rem .5rem; cursor: pointer; }
button[data-series]::before { content: ''; display: inline-block; width: .7rem; height: .7rem;
  margin-right: .4rem; border-radius: .15rem; }
button[aria-pressed=false] { opacity: .5; text-decoration: line-through; }
button[data-key] { display: none; } .live button[data-key] { display: inline-block; }
code { font-size: .9em; overflow-wrap: anywhere; }
@media print { button { display: none; } }
`;
