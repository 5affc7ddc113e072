// Small comforts for pages that work without them. Loaded with `defer`; nothing here is needed to use Duebook.
"use strict";

const menus = () => document.querySelectorAll("details.menu[open]");

// A menu closes when the user clicks elsewhere, opens another, or presses Escape (focus goes back to its button).
document.addEventListener("click", (e) => {
  for (const m of menus()) if (!m.contains(e.target)) m.open = false;
});

const typing = (el) => el.closest("input, select, textarea, [contenteditable]") !== null;

document.addEventListener("keydown", (e) => {
  if (e.key === "Escape") {
    for (const m of menus()) {
      m.open = false;
      m.querySelector("summary").focus();
    }
    return;
  }
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
  // "/" goes to the search box, "j" and "k" walk through the rows of a list.
  if (e.key === "/") {
    const search = document.getElementById("search");
    if (search) {
      e.preventDefault();
      search.focus();
      search.select();
    }
  }
  if (e.key === "j" || e.key === "k") {
    const links = [...document.querySelectorAll("table[data-walk] tbody th a")];
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? links[0] : links[at + (e.key === "j" ? 1 : -1)];
    if (next) next.focus();
  }
});

// A form that moves money or changes settings is sent once: the button rests while the answer is on its way.
document.addEventListener("submit", (e) => {
  if (e.target.method !== "post") return;
  if (e.target.dataset.sent) {
    e.preventDefault();
    return;
  }
  e.target.dataset.sent = "yes";
  for (const b of e.target.querySelectorAll("button")) b.setAttribute("aria-disabled", "true");
});
// The page may come back from the browser's memory with its forms still marked.
window.addEventListener("pageshow", () => {
  for (const f of document.querySelectorAll("form[data-sent]")) {
    delete f.dataset.sent;
    for (const b of f.querySelectorAll("button")) b.removeAttribute("aria-disabled");
  }
});

// What went wrong is read first.
document.querySelector(".problems")?.focus();
