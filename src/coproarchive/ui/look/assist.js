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

function nameButtons(words) {
  const open = document.querySelector('[data-testid="stExpandSidebarButton"]');
  const close = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
  const panel = document.getElementById("stSidebar");
  if (open) open.setAttribute("aria-label", words.open);
  if (close) close.setAttribute("aria-label", words.close);
  if (panel) panel.setAttribute("aria-label", words.open);
}

export default function (component) {
  const data = component.data || {};
  document.documentElement.lang = data.lang || "en";
  const region = liveRegion();
  if (data.say && region.textContent !== data.say) region.textContent = data.say;
  if (!data.words) return;
  nameButtons(data.words);
  const watcher = new MutationObserver(() => nameButtons(data.words));
  const app = document.querySelector('[data-testid="stApp"]');
  if (app) watcher.observe(app, { childList: true, subtree: true });
  return () => watcher.disconnect();
}
