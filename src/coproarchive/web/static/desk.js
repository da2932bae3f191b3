// Comfort for the desk's forms: each is whole without it.

// Lines of a list are moved, removed and added here instead of by the server.
document.addEventListener("click", (event) => {
  const button = event.target.closest('button[name="rows"]');
  if (!button) return;
  event.preventDefault();
  if (button.dataset.more) addRow(button.closest("fieldset").querySelector("[data-rows]"));
  else changeRow(button.closest(".row"), button.value.split(".")[0]);
});

function changeRow(row, what) {
  const other = what === "up" ? row.previousElementSibling : row.nextElementSibling;
  if (what === "remove") {
    const list = row.parentElement;
    row.remove();
    if (!list.children.length) return;
    (other || list.lastElementChild).querySelector("input, select").focus();
  } else if (other) {
    what === "up" ? other.before(row) : other.after(row);
    row.querySelector(`[value^="${what}."]`).focus();
  }
  row.closest("form")?.dispatchEvent(new Event("input"));
}

let added = 0;
function addRow(list) {
  const last = list.lastElementChild;
  const row = last.cloneNode(true);
  added += 1;
  for (const cell of row.querySelectorAll("[id]")) {
    const label = row.querySelector(`label[for="${CSS.escape(cell.id)}"]`);
    cell.id = `${cell.name}.added.${added}`;
    if (label) label.htmlFor = cell.id;
    if (cell.tagName === "SELECT") cell.selectedIndex = last.querySelector(`[name="${cell.name}"]`).selectedIndex;
    else cell.value = "";
  }
  row.setAttribute("aria-label", `${row.getAttribute("aria-label").split(",")[0]}, ${list.children.length + 1}`);
  list.append(row);
  row.querySelector("input, select, textarea").focus();
}

// What was typed and not saved is not left by mistake.
for (const form of document.querySelectorAll("form[data-edit]")) {
  let changed = Boolean(form.dataset.typed);
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

// Names of long lists are proposed while one is typed.
let waiting;
document.addEventListener("input", (event) => {
  const noun = event.target.dataset?.names;
  const list = noun && document.getElementById(`list-${noun}`);
  if (!list || list.dataset.whole) return;
  const typed = event.target.value.split(";").pop().trim();
  clearTimeout(waiting);
  if (typed.length < 2) return;
  waiting = setTimeout(async () => {
    const answer = await fetch(`/desk/names?${new URLSearchParams({ noun, find: typed })}`);
    if (!answer.ok) return;
    list.replaceChildren(...(await answer.json()).map((name) => new Option("", name)));
  }, 150);
});

// After an answer that says what is wrong, the place is where reading goes on.
document.querySelector('.desk [role="alert"]')?.scrollIntoView({ block: "nearest" });
