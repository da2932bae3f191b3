// The search page as Streamlit shows it: the same markup as the plain page, whose links and forms are
// followed without loading the page again. The markup comes from our templates, which escape every
// value; what a document says is text in it.
const SCROLLER = '[data-testid="stMain"]';
const PLACE = "coproarchive place ";

// What is to be as it was after the page is drawn again: the focus, the drawer, open details.
function keyOf(element) {
  if (!element || element === document.body) return null;
  if (element.id) return `#${CSS.escape(element.id)}`;
  const key = element.getAttribute("data-key");
  if (key) return `[data-key="${CSS.escape(key)}"]`;
  const href = element.getAttribute("href");
  return href ? `${element.localName}[href="${CSS.escape(href)}"]` : null;
}

function draw(root, html) {
  if (root.drawn === html) return false;
  root.drawn = html;
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  const key = keyOf(focused);
  const selection = focused instanceof HTMLInputElement && focused.type !== "checkbox" ? focused.value : null;
  const isOpen = Boolean(root.querySelector("#narrow:popover-open"));
  const scrolled = root.querySelector("#narrow")?.scrollTop || 0;
  root.innerHTML = html;
  const drawer = root.querySelector("#narrow");
  if (isOpen && drawer) {
    drawer.showPopover();
    drawer.scrollTop = scrolled;
  }
  const again = key && root.querySelector(key);
  if (again) {
    again.focus({ preventScroll: true });
    if (selection !== null && again.value === "" && selection) again.value = selection;
  } else if (focused && !isOpen) {
    root.querySelector("#main")?.focus({ preventScroll: true });
  }
  return true;
}

// A page that was left for a talk and is come back to stands where it stood.
function rememberPlace() {
  const scroller = document.querySelector(SCROLLER);
  if (scroller) sessionStorage.setItem(PLACE + location.search, String(scroller.scrollTop));
}

function findPlaceAgain() {
  const [navigation] = performance.getEntriesByType("navigation");
  const place = sessionStorage.getItem(PLACE + location.search);
  if (navigation?.type !== "back_forward" || !place) return;
  document.querySelector(SCROLLER)?.scrollTo({ top: Number(place), behavior: "instant" });
}

function addressOf(form) {
  const filled = [...new FormData(form)].filter(([, value]) => value !== "");
  return "?" + new URLSearchParams(filled);
}

function between(from, to) {
  const address = new URLSearchParams(location.search);
  const [first, last] = [from, to].sort();
  address.set("after", first);
  address.set("before", last);
  address.delete("page");
  return "?" + address;
}

function listen(root) {
  const follow = (href) => {
    const target = new URL(href, location.href);
    root.toTop = target.searchParams.get("page") !== new URLSearchParams(location.search).get("page");
    root.then = target.hash;
    root.go(target.search || "?");
  };
  root.addEventListener("click", (event) => {
    // After a drag from one bar to another, the click is on neither.
    const bar = event.target.closest(".years [data-href]");
    if (bar) follow(bar.dataset.href);
    const link = event.target.closest("a[href]");
    if (!link) return;
    const href = link.getAttribute("href");
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!isPlain || event.defaultPrevented) return;
    if (href.startsWith("?")) {
      event.preventDefault();
      follow(href);
    } else if (href === "/") {
      event.preventDefault();
      follow("?");
    }
  });
  root.addEventListener("change", (event) => {
    const href = event.target.getAttribute("data-href");
    if (href) follow(href);
  });
  root.addEventListener("submit", (event) => {
    const action = event.target.getAttribute("action");
    if (action !== null && action !== "/") return;
    event.preventDefault();
    root.querySelector("#narrow:popover-open")?.hidePopover();
    follow(addressOf(event.target));
  });
  let start = null;
  root.addEventListener("pointerdown", (event) => {
    start = event.target.closest(".years [data-year]")?.dataset.year || null;
  });
  root.addEventListener("pointerup", (event) => {
    const end = event.target.closest(".years [data-year]")?.dataset.year;
    if (start && end && start !== end) follow(between(start, end));
    start = null;
  });
  // A drawer that was drawn again has forgotten which button opened it.
  const focusOpener = (event) => {
    if (event.target.id === "narrow" && event.newState === "closed") root.querySelector(".open-narrow")?.focus();
  };
  root.addEventListener("toggle", focusOpener, true);
  window.addEventListener("pagehide", rememberPlace);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".coproarchive-search");
  root.go = (search) => setTriggerValue("go", search);
  const isFirst = root.drawn === undefined;
  if (isFirst) listen(root);
  if (!draw(root, data.html)) return;
  if (isFirst) findPlaceAgain();
  if (root.toTop) document.querySelector(SCROLLER)?.scrollTo({ top: 0, behavior: "instant" });
  if (root.then) root.querySelector(root.then)?.scrollIntoView({ block: "nearest" });
  root.toTop = root.then = null;
}
