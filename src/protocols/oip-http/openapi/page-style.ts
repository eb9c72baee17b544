/** The style of the documentation page; the policy sent with it names this very text. */
export const pageStyle = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 0 auto; padding: 1.5rem; }
h1 { margin: 0; font-size: 1.8rem; }
h1 small { font-weight: normal; font-size: 1rem; opacity: 0.7; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.6rem 0.8rem; border: 1px solid var(--line); border-radius: 6px; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.4rem 0; padding: 0 0.8rem; }
details[open] { padding-bottom: 0.8rem; }
summary { cursor: pointer; padding: 0.45rem 0; }
summary span { opacity: 0.75; margin-left: 0.4rem; }
summary b { display: inline-block; min-width: 3.2rem; font: bold 12px ui-monospace, monospace; }
.get { color: light-dark(#0b6bcb, #6cb6ff); }
.post { color: light-dark(#1a7f37, #57d081); }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-top: 1px solid var(--line); }
th { font-weight: 600; opacity: 0.7; border-top: 0; }
`;
