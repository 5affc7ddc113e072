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

// The time left until a cut-off, counted down on an open page. The server says how many seconds there were: its clock and
// the browser's may differ.
const countdowns = document.querySelectorAll("[data-countdown]");
if (countdowns.length > 0) {
  const opened = Date.now();
  const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  const tick = () => {
    for (const el of countdowns) {
      const left = Math.ceil(Number(el.dataset.countdown) - (Date.now() - opened) / 1000);
      const [h, m] = [Math.floor(left / 3600), Math.floor((left % 3600) / 60)];
      let text = "in " + [h > 0 && plural(h, "hour"), (m > 0 || h === 0) && plural(m, "minute")].filter(Boolean).join(" ");
      if (left < 600) text = "in " + [m > 0 && plural(m, "minute"), plural(left % 60, "second")].filter(Boolean).join(" ");
      if (left <= 0) text = "which has passed: open this page anew for the next date";
      if (el.textContent !== text) el.textContent = text;
    }
  };
  tick();
  setInterval(tick, 1000);
}

// Choosing bills to pay: all at once, and what they come to against what is left on the account.
const payForm = document.querySelector("form[data-pay]");
if (payForm) {
  const boxes = [...payForm.querySelectorAll("input[data-minor]")];
  const dollars = (minor) => (minor / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });
  const total = payForm.querySelector("[data-total]");
  const account = payForm.querySelector("select[name=account]");
  const sum = () => {
    const on = boxes.filter((b) => b.checked);
    const minor = on.reduce((n, b) => n + Number(b.dataset.minor), 0);
    const left = account.selectedOptions[0]?.dataset.left;
    const missing = left ? minor - Number(left) : 0;
    total.textContent = `${on.length} ${on.length === 1 ? "bill" : "bills"}, ${dollars(minor)}` +
      (missing > 0 && on.length > 0 ? `, ${dollars(missing)} more than is left on the account` : "");
    total.classList.toggle("bad", missing > 0 && on.length > 0);
  };
  payForm.querySelector("[data-all]")?.addEventListener("click", (e) => {
    e.preventDefault();
    const all = boxes.every((b) => b.checked);
    for (const b of boxes) b.checked = !all;
    sum();
  });
  payForm.addEventListener("change", sum);
  addEventListener("pageshow", sum);
  sum();
}

// What went wrong is read first.
document.querySelector(".problems")?.focus();
