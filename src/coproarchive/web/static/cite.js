// Copies citations and quotes; pages are whole without it, so its buttons are hidden in their HTML.
"use strict";

const says = document.querySelector(".said");
const say = (words) => { if (says) { says.textContent = ""; setTimeout(() => { says.textContent = words; }, 50); } };

// Browsers give the clipboard to pages that came encrypted, or from this machine; else an older way is tried.
async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("aria-hidden", "true");
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("not copied");
}

async function copyRich(card) {
  const text = card.querySelector("[data-plain]").textContent;
  if (!(navigator.clipboard && window.ClipboardItem && window.isSecureContext)) return copySelected(card);
  const copy = card.cloneNode(true);
  const picture = card.querySelector("img");
  if (picture) copy.querySelector("img").src = drawn(picture);
  copy.querySelectorAll("[data-plain]").forEach((element) => element.remove());
  const html = new Blob([copy.innerHTML], { type: "text/html" });
  const plain = new Blob([text], { type: "text/plain" });
  return navigator.clipboard.write([new ClipboardItem({ "text/html": html, "text/plain": plain })]);
}

function copySelected(card) {
  const range = document.createRange();
  range.selectNodeContents(card);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  const copied = document.execCommand("copy");
  selection.removeAllRanges();
  if (!copied) throw new Error("not copied");
}

// The picture itself, so that it stays in the document it is pasted into.
function drawn(picture) {
  const canvas = document.createElement("canvas");
  canvas.width = picture.naturalWidth;
  canvas.height = picture.naturalHeight;
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.toDataURL("image/png");
}

// Returns lines of text that fit a width.
function lines(pen, text, width) {
  const found = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const piece of paragraph.split(/(?<=\s)|(?=[\u3000-\u9fff\uac00-\ud7af])/u)) {
      if (line && pen.measureText(line + piece).width > width) { found.push(line); line = ""; }
      line += piece;
      while (pen.measureText(line).width > width && line.length > 1) {
        let cut = line.length - 1;
        while (cut > 1 && pen.measureText(line.slice(0, cut)).width > width) cut -= 1;
        found.push(line.slice(0, cut));
        line = line.slice(cut);
      }
    }
    found.push(line);
  }
  return found.filter((line) => line.trim());
}

// Draws picture, words, citation and licence on one sheet, by the browser's own fonts.
async function saveImage(card) {
  const picture = card.querySelector("img");
  if (picture) await picture.decode();
  const edge = 40, width = 1080, inner = width - 2 * edge;
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  const blocks = [...card.querySelectorAll("[data-line]")].map((element) => {
    const size = element.dataset.line === "quote" ? 30 : 22;
    pen.font = `${size}px ${family}`;
    return { size, right: getComputedStyle(element).direction === "rtl", lines: lines(pen, element.innerText, inner), quiet: element.dataset.line !== "quote" };
  });
  const high = picture ? Math.round(inner * picture.naturalHeight / picture.naturalWidth) : 0;
  const text = blocks.reduce((sum, block) => sum + block.lines.length * block.size * 1.4 + 20, 0);
  canvas.width = width;
  canvas.height = Math.ceil(edge * 2 + high + (high ? 24 : 0) + text);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, width, canvas.height);
  let at = edge;
  if (picture) {
    pen.drawImage(picture, edge, at, inner, high);
    pen.strokeStyle = "#ddd4c5";
    pen.strokeRect(edge, at, inner, high);
    at += high + 24;
  }
  pen.textBaseline = "top";
  for (const block of blocks) {
    pen.font = `${block.size}px ${family}`;
    pen.fillStyle = block.quiet ? "#566063" : "#1d282d";
    pen.direction = block.right ? "rtl" : "ltr";
    pen.textAlign = block.right ? "right" : "left";
    for (const line of block.lines) {
      pen.fillText(line, block.right ? width - edge : edge, at);
      at += block.size * 1.4;
    }
    at += 20;
  }
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = `${card.dataset.name}.png`;
  link.click();
}

function begin(button, act, done) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try { await act(); say(done); } catch { say("Your browser did not allow this. Select the text and copy it."); }
  });
}

// Puts the citation in a chosen style in the place of the plain one.
for (const choice of document.querySelectorAll("[data-style]")) {
  const target = document.getElementById(choice.dataset.into);
  const plain = target.textContent;
  choice.value = "";
  choice.parentElement.hidden = false;
  choice.addEventListener("change", async () => {
    const style = choice.selectedOptions[0].textContent;
    try {
      const answer = choice.value ? await fetch(`${choice.dataset.style}?style=${choice.value}`) : null;
      if (answer && !answer.ok) throw new Error(answer.statusText);
      const [entry, inText] = answer ? (await answer.text()).trim().split("\n") : [plain, ""];
      target.textContent = inText ? `${entry} ${inText}` : entry;
      say(`Shown in the style ${style}`);
    } catch { say("This style cannot be had just now. Please try again."); }
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  begin(button, () => copyText(source.textContent), `Copied: ${button.textContent.replace(/^Copy /, "")}`);
}
const card = document.querySelector(".quote-card");
for (const button of document.querySelectorAll("[data-card]")) {
  const acts = { rich: [() => copyRich(card), "Copied the card"], image: [() => saveImage(card), "Saved the card as an image"] };
  begin(button, ...acts[button.dataset.card]);
}
