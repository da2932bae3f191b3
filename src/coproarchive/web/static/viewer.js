// Makes a talk's pages quicker to walk through. They are whole without it.
"use strict";

const ANCHOR = /^#(?:[\p{L}\p{N}-]+-)?(?:slide|page|cue)-\d+$/u;
const LETTERS = "coproarchive-keys";
const LARGER = "coproarchive-larger";

/** Lead an address of old, /item/x#slide-3, to the slide's page; its fragment stays. */
function followAnchor() {
  if (!ANCHOR.test(location.hash)) return;
  const link = document.getElementById(location.hash.slice(1))
    ?.closest("li")?.querySelector("a[data-leaf]");
  if (link) location.replace(link.href + location.hash);
}

// -------------------------------------------------------------------- viewer

function isTyping(target) {
  return target.closest("input, textarea, select, video, audio, [contenteditable]") !== null;
}

function lettersAreKeys() {
  try {
    return localStorage.getItem(LETTERS) !== "off";
  } catch {
    return true;
  }
}

function offerKeys() {
  const keys = document.querySelector("[data-keys]");
  const box = document.querySelector("[data-keys-on]");
  if (!keys || !box) return;
  keys.hidden = false;
  box.checked = lettersAreKeys();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(LETTERS, box.checked ? "on" : "off");
    } catch { /* then it holds for this page alone */ }
  });
}

/** Open a dialog over the page, which Escape and its button close; it is gone when it is closed. */
function openDialog(name, label, ...content) {
  const dialog = document.createElement("dialog");
  dialog.className = `over-page ${name}`;
  dialog.setAttribute("aria-label", label);
  const close = document.createElement("button");
  close.className = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.append(close, ...content);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function showLarger() {
  const picture = document.querySelector(".leaf-figure img");
  if (!picture || document.querySelector("dialog.over-page[open]")) return;
  const image = new Image();
  image.src = document.querySelector("[data-larger]").href;
  image.alt = document.querySelector("h1").textContent;
  const dialog = openDialog("larger", document.querySelector(".where").textContent, image);
  image.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => sessionStorage.removeItem(LARGER));
  sessionStorage.setItem(LARGER, "1");
}

/** Show all slides over this one, as the talk's own page has them. */
async function showGrid(link) {
  if (document.querySelector("dialog.over-page[open]")) return;
  const page = await fetch(link.href)
    .then((answer) => (answer.ok ? answer.text() : ""))
    .then((html) => new DOMParser().parseFromString(html, "text/html"))
    .catch(() => null);
  const grids = page ? [...page.querySelectorAll(".grid")] : [];
  if (!grids.length) {
    location.href = link.href;
    return;
  }
  const box = document.createElement("div");
  box.className = "overview";
  box.append(...grids.map((grid) => document.adoptNode(grid)));
  for (const named of box.querySelectorAll("[id]")) named.removeAttribute("id");
  openDialog("all-slides", "All slides", box);
  const current = [...box.querySelectorAll("a")].find((a) => a.pathname === location.pathname);
  current?.setAttribute("aria-current", "page");
  (current || box.querySelector("a")).focus();
  (current || box).scrollIntoView({ block: "center" });
}

/** Move the focus in the grid of all slides; tell whether the key was one for that. */
function walkGrid(key) {
  const links = [...document.querySelectorAll("dialog.all-slides .grid a")];
  const at = links.indexOf(document.activeElement);
  if (at < 0) return false;
  const top = links[0].getBoundingClientRect().top;
  const across = links.findIndex((link) => link.getBoundingClientRect().top > top + 5);
  const columns = across > 0 ? across : links.length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  links[at + steps[key]]?.focus();
  return key in steps;
}

function press(key) {
  const link = document.querySelector(`a[data-key="${key}"]`);
  if (link) link.click();
  return Boolean(link);
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) return;
  if (document.querySelector("dialog.all-slides[open]")) {
    if (walkGrid(event.key)) event.preventDefault();
    else if (event.key === "o" && lettersAreKeys()) document.querySelector("dialog[open]").close();
    return;
  }
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    if (!event.target.closest(".scroll") && press(event.key)) event.preventDefault();
    return;
  }
  if (!lettersAreKeys()) return;
  if (event.key === "/") {
    document.getElementById("inside").focus();
    event.preventDefault();
  } else if (event.key === "f") {
    const dialog = document.querySelector("dialog.larger[open]");
    if (dialog) dialog.close();
    else showLarger();
  } else if (["n", "p", "o"].includes(event.key)) {
    press(event.key);
  }
}

function swipe(area) {
  let start = null;
  area.addEventListener("touchstart", (event) => {
    start = event.touches.length === 1 ? event.touches[0] : null;
  }, { passive: true });
  area.addEventListener("touchend", (event) => {
    if (!start) return;
    const end = event.changedTouches[0];
    const across = end.clientX - start.clientX;
    const down = end.clientY - start.clientY;
    if (Math.abs(across) > 60 && Math.abs(across) > 2 * Math.abs(down)) {
      press(across < 0 ? "ArrowRight" : "ArrowLeft");
    }
    start = null;
  }, { passive: true });
}

function prefetch() {
  const next = document.querySelector("a[data-key=ArrowRight]");
  if (!next) return;
  const hint = document.createElement("link");
  hint.rel = "prefetch";
  hint.href = next.href;
  document.head.append(hint);
  const thumb = document.querySelector(".rail [aria-current]")?.closest("li")
    .nextElementSibling?.querySelector("img");
  if (thumb) new Image().src = thumb.src.replace(/-320\.webp.*/, "-1000.webp");
}

function copyLinks() {
  for (const link of document.querySelectorAll("a[data-address]")) {
    link.addEventListener("click", async (event) => {
      if (!navigator.clipboard) return;
      event.preventDefault();
      const address = new URL(link.dataset.address, location.href).href;
      await navigator.clipboard.writeText(address).then(
        () => { link.textContent = "Copied"; },
        () => { location.href = link.href; },
      );
    });
  }
}

/** Have a click on such links do something else, unless it opens them elsewhere. */
function onClick(selector, act) {
  for (const link of document.querySelectorAll(selector)) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      act(link);
    });
  }
}

function startViewer() {
  offerKeys();
  copyLinks();
  onClick("a[data-larger]", showLarger);
  onClick("a[data-grid]", showGrid);
  document.addEventListener("keydown", onKey);
  const figure = document.querySelector(".leaf-figure");
  if (figure) swipe(figure);
  if (sessionStorage.getItem(LARGER)) showLarger();
  addEventListener("load", () => setTimeout(prefetch, 200));
}

followAnchor();
addEventListener("hashchange", followAnchor);
if (document.querySelector("[data-viewer]")) startViewer();
