/** The page's only style sheet; colours are variables, so that light and dark differ in one place. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #ffffff; --ink: #1d2126; --soft: #68707a; --line: #e4e6e8;
  --accent: #3b6fb6; --fill: #3b6fb622; --good: #1f7a4d; --bad: #c0322b; --warn: #9a6700;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1b1f23; --ink: #e6e8ea; --soft: #98a1ab; --line: #2c3238;
    --accent: #7aa7e6; --fill: #7aa7e626; --good: #5cc08e; --bad: #f0776f; --warn: #d9a441;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 960px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 6px; font-weight: 650; }
h2 { font-size: 13px; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); margin: 44px 0 12px; font-weight: 600; }
h3 { font-size: 14px; margin: 22px 0 6px; font-weight: 600; }
p { margin: 6px 0; }
ul { margin: 10px 0; padding-left: 20px; }
code, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 13px; overflow-wrap: anywhere; }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.banner { background: var(--card); border: 1px solid var(--line); border-left: 5px solid currentColor; border-radius: 8px; padding: 22px 24px; }
.banner > * { color: var(--ink); } .banner .soft { color: var(--soft); }
.banner .word { font-weight: 700; margin-right: 10px; } .banner.good .word { color: var(--good); }
.banner.bad .word { color: var(--bad); } .banner.warn .word { color: var(--warn); }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 0 0 16px; }
.figure { flex: 1 1 150px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; }
.figure b { display: block; font-size: 22px; font-weight: 650; line-height: 1.3; }
.figure span { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 0 0 12px; }
th, td { padding: 6px 14px 6px 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; font-size: 13px; }
th:first-child, td:first-child { text-align: left; } td.wide { white-space: normal; }
tr.part td { color: var(--soft); } tr.part td:first-child { padding-left: 16px; }
.found { text-align: left; } th.found { text-align: left; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); gap: 12px; margin-bottom: 12px; }
.chart { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; margin: 0 0 12px; }
.charts .chart { margin: 0; }
.chart figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 12px; font-size: 13px; margin-bottom: 6px; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--soft); font-size: 11px; }
.bar { fill: var(--accent); } .area { fill: var(--fill); } .curve { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.axis { stroke: var(--line); } .mark { stroke: var(--soft); stroke-dasharray: 3 3; } .limit { stroke: var(--warn); stroke-dasharray: 4 3; }
.fault { stroke: var(--bad); opacity: .55; }
details { border-bottom: 1px solid var(--line); padding: 8px 0; } summary { cursor: pointer; }
ol.timeline { list-style: none; margin: 8px 0 4px; padding: 0 0 0 14px; border-left: 2px solid var(--line); }
ol.timeline li { display: flex; gap: 14px; } ol.timeline .at { color: var(--soft); min-width: 92px; text-align: right; }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
@media print { body { background: none; } main { padding: 0; } }
`;
