"use strict";
const charts = JSON.parse(document.getElementById("charts").textContent);
const PRINTED_PIXELS = 690;

function axis(given = {}) {
  const lines = { gridcolor: "#edf0f3", linecolor: "#c8d0d8", zerolinecolor: "#c8d0d8" };
  return { automargin: true, ...lines, ...given, title: { standoff: 12, ...given.title } };
}

function moments(data) {
  // Under the mouse a moment is told as it is given: a day, or with its time.
  const first = data.find((trace) => trace.x.length)?.x[0];
  if (typeof first !== "string") return {};
  return { type: "date", hoverformat: first.length > 10 ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d" };
}

function draw(element, name) {
  const { data, layout } = charts[name];
  const axes = { xaxis: axis({ ...moments(data), ...layout.xaxis }), yaxis: axis(layout.yaxis) };
  if (layout.yaxis2) axes.yaxis2 = axis(layout.yaxis2);
  if (layout.height) element.style.height = `${layout.height}px`;
  const options = { responsive: true, displaylogo: false, displayModeBar: false };
  const common = {
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: "#1c2733" },
    margin: { l: 8, r: 8, t: 8, b: 8 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    hovermode: "x unified",
    legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom" },
  };
  Plotly.react(element, data, { ...common, ...layout, ...axes }, options);
}

const shown = [...document.querySelectorAll("[data-chart]")];
for (const element of shown) draw(element, element.dataset.chart);

document.getElementById("traded")?.addEventListener("change", (event) => {
  draw(document.querySelector('[data-chart="trades-0"]'), event.target.value);
});
addEventListener("beforeprint", () => {
  for (const element of shown) Plotly.relayout(element, { width: PRINTED_PIXELS });
});
addEventListener("afterprint", () => {
  for (const element of shown) Plotly.relayout(element, { width: null, autosize: true });
});
