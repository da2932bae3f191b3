// What Streamlit leaves out for those who do not see the page or use no mouse. It reads the data it
// is given and sets text and attributes only; nothing it is given becomes markup.
const LIVE = "coproarchive-live";

function liveRegion() {
  let region = document.getElementById(LIVE);
  if (!region) {
    // Outside Streamlit's own tree: a live region that is replaced at each rerun is never read out.
    region = document.createElement("div");
    region.id = LIVE;
    region.setAttribute("role", "status");
    region.style.cssText =
      "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap";
    document.body.append(region);
  }
  return region;
}

// Suggestions while typing: the browser's own list of options under the search box, which every
// screen reader knows. Choosing one fills the box in; Enter searches, as always.
const OPTIONS = "coproarchive-suggestions";
let waiting = 0;

function options() {
  let list = document.getElementById(OPTIONS);
  if (!list) {
    list = document.createElement("datalist");
    list.id = OPTIONS;
    document.body.append(list);
  }
  return list;
}

async function suggest(box) {
  const typed = box.value.trim();
  if (typed.length < 2) return options().replaceChildren();
  const answer = await fetch("/suggest?q=" + encodeURIComponent(typed.slice(0, 200)));
  if (!answer.ok || box.value.trim() !== typed) return;
  const found = (await answer.json()).map(({ text, kind }) => {
    const option = document.createElement("option");
    option.value = text;
    option.label = kind === "phrase" ? text : `${text} (${kind})`;
    return option;
  });
  options().replaceChildren(...found);
}

function watchTyping(event) {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.type !== "search") return;
  if (box.getAttribute("list") !== OPTIONS) box.setAttribute("list", OPTIONS);
  clearTimeout(waiting);
  waiting = setTimeout(() => suggest(box).catch(() => options().replaceChildren()), 200);
}

export default function (component) {
  const data = component.data || {};
  document.documentElement.lang = data.lang || "en";
  const region = liveRegion();
  if (data.say && region.textContent !== data.say) region.textContent = data.say;
  document.addEventListener("input", watchTyping, true); // the same listener is added only once
}
