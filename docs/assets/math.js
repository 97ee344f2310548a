// KaTeX sets the formulas that pymdownx.arithmatex has marked, on every page that is shown.
function setFormulas() {
  renderMathInElement(document.body, {
    delimiters: [
      { left: "\\(", right: "\\)", display: false },
      { left: "\\[", right: "\\]", display: true },
    ],
    throwOnError: false,
  });
}

if (typeof document$ !== "undefined") {
  document$.subscribe(setFormulas); // Material's own signal, also after instant navigation
} else {
  document.addEventListener("DOMContentLoaded", setFormulas);
}
