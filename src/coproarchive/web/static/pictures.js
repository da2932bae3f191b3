// Shows a slide's picture in the place of its card, once it is drawn. Pages are whole without it.
"use strict";

/** Ask again for pictures for which a card stands in, each more seldom, for some minutes. */
function replaceCards() {
  const waiting = new Map();
  let asking = false;
  const check = async (picture) => {
    const address = new URL(picture.currentSrc || picture.src);
    address.searchParams.delete("again");
    const answer = await fetch(address);
    const isCard = answer.headers.get("Cache-Control")?.includes("no-store");
    const tries = waiting.get(picture) || 0;
    if (isCard && tries < 40) {
      waiting.set(picture, tries + 1);
    } else {
      waiting.delete(picture);
      if (!isCard && answer.ok && tries > 0) {
        address.searchParams.set("again", tries);
        picture.removeAttribute("srcset");
        picture.src = address;
      }
    }
  };
  const round = async () => {
    if (asking || document.hidden) return;
    asking = true;
    for (const picture of waiting.keys()) if (!picture.isConnected) waiting.delete(picture);
    for (const picture of [...waiting.keys()].slice(0, 12)) {
      await check(picture).catch(() => waiting.delete(picture));
    }
    asking = false;
  };
  const note = (picture) => {
    if (picture.dataset.picture !== undefined && !picture.src.includes("again=")) {
      check(picture).catch(() => {});
    }
  };
  addEventListener("load", (event) => event.target.tagName === "IMG" && note(event.target), true);
  document.querySelectorAll("img[data-picture]").forEach((p) => p.complete && p.currentSrc && note(p));
  setInterval(round, 2500);
}

replaceCards();
