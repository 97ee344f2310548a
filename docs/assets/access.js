// What the theme leaves out for those who use a keyboard or a screen reader.
function makeAccessible() {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  document.querySelectorAll(".md-code__nav").forEach((nav, number) => {
    nav.setAttribute("aria-label", `Code block ${number + 1}`);
  });
  document.querySelectorAll(".task-list-item input").forEach((box) => {
    box.setAttribute("aria-label", box.closest("li").textContent.trim());
  });
  document.querySelectorAll("pre > code, .md-typeset__scrollwrap").forEach((box) => {
    box.tabIndex = 0; // wide ones are scrolled by the arrow keys
  });
  document.fonts.ready.then(() => {
    document.querySelectorAll("div.arithmatex, .katex-display").forEach((box) => {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    });
  });
}

if (typeof document$ !== "undefined") {
  document$.subscribe(makeAccessible);
} else {
  document.addEventListener("DOMContentLoaded", makeAccessible);
}
