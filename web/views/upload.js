/** Adding products: pictures are chosen or dropped, named, and sent with their progress. */

import { get } from "../lib/api.js";
import { h, icon, iconButton, replace } from "../lib/dom.js";
import { has, t } from "../lib/i18n.js";
import { notice } from "../lib/notice.js";
import { href } from "../lib/router.js";
import { draftsOf, sendAll } from "./drafts.js";

export const title = "nav.upload";

export function render(container, _params, signal) {
  const view = new Upload(signal);
  replace(container, view.element);
  view.known = view.learnFields();
}

class Upload {
  constructor(signal) {
    this.signal = signal;
    this.known = Promise.resolve(); // until the view is shown
    this.fields = []; // of the catalogue: name and type
    this.drafts = new Map(); // draft -> its card
    this.list = h("ul.drafts");
    this.says = h("p.says", { role: "status" });
    this.send = h("button.primary", { type: "button", hidden: true, onclick: () => this.sendThem() }, t("upload.send"));
    this.element = h("div.stack.work", { dataset: { view: "upload" } },
      h("h1", {}, t("upload.title")), h("p.muted", {}, t("upload.text")), this.zone(), h("div.row", {}, this.send, this.says), this.list);
  }

  zone() {
    const files = h("input.hidden-label", { type: "file", multiple: true, accept: "image/*", id: "upload-files", onchange: () => this.take(files.files) });
    const folder = h("input.hidden-label", { type: "file", webkitdirectory: true, id: "upload-folder", onchange: () => this.take(folder.files) });
    const zone = h("div.zone", {}, icon("upload"), h("p", {}, t("upload.drop")),
      h("div.row", {}, files, h("label.button.primary", { for: "upload-files" }, t("upload.files")), folder, h("label.button", { for: "upload-folder" }, t("upload.folder"))));
    zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => { event.preventDefault(); zone.classList.remove("over"); this.take(event.dataTransfer.files); });
    return zone;
  }

  async learnFields() {
    const found = await get("facets", { limit: 1 }, { signal: this.signal }).catch(() => ({ facets: [] }));
    this.fields = found.facets.map(({ field, type }) => ({ field, type }));
  }

  async take(files) {
    const pictures = [...files].filter((file) => file.type.startsWith("image/"));
    const others = files.length - pictures.length;
    if (others > 0) notice(t("upload.not_pictures", { count: others }), { kind: "error" });
    await this.known; // which fields a card asks for
    for (const draft of draftsOf(pictures, [...this.drafts.keys()].map(({ id }) => id))) {
      const card = new Card(draft, this.fields, () => this.drop(draft));
      this.drafts.set(draft, card);
      this.list.append(card.element);
    }
    this.show();
  }

  drop(draft) {
    this.drafts.get(draft).forget();
    this.drafts.delete(draft);
    this.show();
  }

  show() {
    const open = this.open().length;
    this.send.hidden = open === 0;
    this.says.textContent = open ? t("upload.ready", { count: open }) : "";
  }

  open() {
    return [...this.drafts].filter(([, card]) => !card.isDone).map(([draft]) => draft);
  }

  async sendThem() {
    const drafts = this.open();
    const twins = this.twins(drafts);
    if (twins.length) return twins.forEach((draft) => this.drafts.get(draft).hear({ error: t("upload.twin", { id: draft.id }) }));
    this.send.disabled = true;
    addEventListener("beforeunload", stay);
    for (const draft of drafts) this.drafts.get(draft).begin();
    await sendAll(drafts, (draft, news) => this.drafts.get(draft)?.hear(news), this.signal);
    removeEventListener("beforeunload", stay);
    const done = drafts.filter((draft) => this.drafts.get(draft)?.isDone).length;
    const failed = drafts.length - done;
    if (this.signal.aborted) return failed && notice(t("upload.left", { count: failed }), { kind: "error" });
    this.send.disabled = false;
    this.show();
    this.says.textContent = [done && t("upload.done", { count: done }), failed && t("upload.failed", { count: failed })].filter(Boolean).join(" ");
    return undefined;
  }

  /** Those whose id another card has: the later one would take the place of the earlier. */
  twins(drafts) {
    const ids = [...this.drafts.keys()].map(({ id }) => id);
    return drafts.filter(({ id }) => ids.indexOf(id) !== ids.lastIndexOf(id));
  }
}

/** The browser asks whether to leave while something is sent. */
function stay(event) {
  event.preventDefault();
}

/** One product to be: its pictures, what can be typed, how far it is. */
class Card {
  constructor(draft, fields, remove) {
    this.draft = draft;
    this.isDone = false;
    this.urls = draft.files.slice(0, 3).map((file) => URL.createObjectURL(file));
    this.bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("upload.progress", { name: draft.name }) });
    this.says = h("p.small", { role: "status" });
    this.remove = iconButton("trash", t("upload.remove", { name: draft.name }), { onclick: remove });
    this.inputs = h("div.inputs", {},
      field(t("upload.id"), draft.id, (text) => { draft.id = text; }, { required: true, maxlength: 150 }),
      field(t("upload.name"), draft.name, (text) => { draft.name = text; }, { required: true }),
      field(t("upload.description"), "", (text) => { draft.description = text; }),
      fields.map((each) => typed(each, draft.metadata)));
    const pictures = h("div.pictures", {}, this.urls.map((src) => h("img", { src, alt: "", onerror: (event) => event.target.classList.add("broken") })), draft.files.length > 3 && h("span.small", {}, `+${draft.files.length - 3}`));
    this.element = h("li.card", {}, pictures, h("div.stack", {}, this.inputs, this.bar, this.says), this.remove);
  }

  begin() {
    this.bar.hidden = false;
    this.says.textContent = "";
    this.lock(true);
  }

  hear({ progress, done, error }) {
    if (progress !== undefined) {
      this.bar.value = progress;
      if (progress === 1) this.says.textContent = t("upload.reading");
    }
    if (done) this.end();
    if (error) { this.says.textContent = error; this.says.classList.add("error"); this.bar.hidden = true; this.lock(false); }
  }

  end() {
    this.isDone = true;
    this.bar.value = 1;
    this.bar.hidden = false;
    this.remove.disabled = false;
    replace(this.says, icon("check"), t("upload.is_there"), " ", h("a", { href: href("search", { item: this.draft.id }) }, t("upload.look")));
    this.says.classList.remove("error");
  }

  lock(on) {
    for (const input of [...this.inputs.querySelectorAll("input, select"), this.remove]) input.disabled = on;
  }

  forget() {
    this.urls.forEach((url) => URL.revokeObjectURL(url));
    this.element.remove();
  }
}

function field(label, value, taken, props = {}) {
  const input = h("input", { type: "text", value, oninput: () => taken(input.value.trim()), ...props });
  return h("label.field", {}, h("span", {}, label), input);
}

/** An input for a field of the catalogue; what is left empty is not sent. */
function typed({ field: name, type }, metadata) {
  const label = has(`field.${name}`) ? t(`field.${name}`) : name;
  const keep = (value) => { if (value === "" || value === null) delete metadata[name]; else metadata[name] = value; };
  if (type === "bool") {
    const choice = h("select", { onchange: () => keep({ true: true, false: false }[choice.value] ?? "") },
      h("option", { value: "" }, "–"), h("option", { value: "true" }, t("yes")), h("option", { value: "false" }, t("no")));
    return h("label.field", {}, h("span", {}, label), choice);
  }
  if (type === "number") return field(label, "", (text) => keep(text === "" ? "" : Number(text)), { type: "number", step: "any" });
  if (type === "date") return field(label, "", keep, { type: "date" });
  return field(label, "", keep);
}
