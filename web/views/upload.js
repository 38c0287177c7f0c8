/** The Add view: turns pictures into products, with editable details and upload progress. */

import { get } from "../lib/api.js";
import { h, renderField, renderIcon, renderIconButton, replace } from "../lib/dom.js";
import { hasMessage, t } from "../lib/i18n.js";
import { showError } from "../lib/notice.js";
import { linkTo } from "../lib/router.js";
import { createDrafts, sendAll } from "./drafts.js";

export const title = "nav.upload";

export function render(container, _params, signal) {
  const view = new UploadView(signal);
  replace(container, view.element);
  view.fieldsLoaded = view.loadFields();
}

class UploadView {
  constructor(signal) {
    this.signal = signal;
    this.fieldsLoaded = Promise.resolve(); // replaced when the view is rendered
    this.fields = []; // name and type of each metadata field
    this.drafts = new Map(); // draft -> card
    this.list = h("ul.drafts");
    this.status = h("p.status-text", { role: "status" });
    this.send = h("button.primary", { hidden: true, onclick: () => this.sendDrafts() }, t("upload.send"));
    this.element = h("div.stack.work", { dataset: { view: "upload" } },
      h("h1", t("upload.title")), h("p.muted", t("upload.text")), this.renderZone(), h("div.row", this.send, this.status), this.list);
  }

  renderZone() {
    const files = h("input.hidden-label", { type: "file", multiple: true, accept: "image/*", id: "upload-files", onchange: () => this.addFiles(files.files) });
    const folder = h("input.hidden-label", { type: "file", webkitdirectory: true, id: "upload-folder", onchange: () => this.addFiles(folder.files) });
    const zone = h("div.zone", {
      ondragover: (event) => { event.preventDefault(); zone.classList.add("over"); },
      ondragleave: () => zone.classList.remove("over"),
      ondrop: (event) => { event.preventDefault(); zone.classList.remove("over"); this.addFiles(event.dataTransfer.files); },
    }, renderIcon("upload"), h("p", t("upload.drop")),
      h("div.row", files, h("label.button.primary", { for: "upload-files" }, t("upload.files")), folder, h("label.button", { for: "upload-folder" }, t("upload.folder"))));
    return zone;
  }

  async loadFields() {
    const response = await get("facets", { limit: 1 }, { signal: this.signal }).catch(() => ({ facets: [] }));
    this.fields = response.facets.map(({ field, type }) => ({ field, type }));
  }

  async addFiles(files) {
    const pictures = [...files].filter((file) => file.type.startsWith("image/"));
    const others = files.length - pictures.length;
    if (others > 0) showError(t("upload.not_pictures", { count: others }));
    await this.fieldsLoaded; // a card has an input for each
    for (const draft of createDrafts(pictures, [...this.drafts.keys()].map(({ id }) => id))) {
      const card = new DraftCard(draft, this.fields, () => this.removeDraft(draft));
      this.drafts.set(draft, card);
      this.list.append(card.element);
    }
    this.showStatus();
  }

  removeDraft(draft) {
    this.drafts.get(draft).dispose();
    this.drafts.delete(draft);
    this.showStatus();
  }

  showStatus() {
    const count = this.getOpenDrafts().length;
    this.send.hidden = count === 0;
    this.status.textContent = count ? t("upload.ready", { count }) : "";
  }

  getOpenDrafts() {
    return [...this.drafts].filter(([, card]) => !card.isDone).map(([draft]) => draft);
  }

  async sendDrafts() {
    const drafts = this.getOpenDrafts();
    const duplicates = this.findDuplicateIds(drafts);
    if (duplicates.length) return duplicates.forEach((draft) => this.drafts.get(draft).onEvent({ error: t("upload.duplicate_id", { id: draft.id }) }));
    this.send.disabled = true;
    addEventListener("beforeunload", confirmLeaving);
    for (const draft of drafts) this.drafts.get(draft).startSending();
    await sendAll(drafts, (draft, update) => this.drafts.get(draft)?.onEvent(update), this.signal);
    removeEventListener("beforeunload", confirmLeaving);
    const doneCount = drafts.filter((draft) => this.drafts.get(draft)?.isDone).length;
    const failedCount = drafts.length - doneCount;
    if (this.signal.aborted) return failedCount && showError(t("upload.interrupted", { count: failedCount }));
    this.send.disabled = false;
    this.showStatus();
    this.status.textContent = [doneCount && t("upload.done", { count: doneCount }), failedCount && t("upload.failed", { count: failedCount })].filter(Boolean).join(" ");
    return undefined;
  }

  /** Returns the drafts whose id another draft has: the later one would overwrite the earlier. */
  findDuplicateIds(drafts) {
    const ids = [...this.drafts.keys()].map(({ id }) => id);
    return drafts.filter(({ id }) => ids.indexOf(id) !== ids.lastIndexOf(id));
  }
}

/** Makes the browser ask before the page is left during an upload. */
function confirmLeaving(event) {
  event.preventDefault();
}

/** The card of one draft: its pictures, its inputs and its progress. */
class DraftCard {
  constructor(draft, fields, remove) {
    this.draft = draft;
    this.isDone = false;
    this.urls = draft.files.slice(0, 3).map((file) => URL.createObjectURL(file));
    this.bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("upload.progress", { name: draft.name }) });
    this.status = h("p.small", { role: "status" });
    this.remove = renderIconButton("trash", t("upload.remove", { name: draft.name }), { onclick: remove });
    this.inputs = h("div.inputs", {},
      renderTextField(t("upload.id"), draft.id, (text) => { draft.id = text; }, { required: true, maxlength: 150 }),
      renderTextField(t("upload.name"), draft.name, (text) => { draft.name = text; }, { required: true }),
      renderTextField(t("upload.description"), "", (text) => { draft.description = text; }),
      fields.map((info) => renderMetadataField(info, draft.metadata)));
    const pictures = h("div.pictures", this.urls.map((src) => h("img", { src, alt: "", onerror: (event) => event.target.classList.add("broken") })), draft.files.length > 3 && h("span.small", `+${draft.files.length - 3}`));
    this.element = h("li.card", pictures, h("div.stack", this.inputs, this.bar, this.status), this.remove);
  }

  startSending() {
    this.bar.hidden = false;
    this.status.textContent = "";
    this.setLocked(true);
  }

  onEvent({ progress, done, error }) {
    if (progress !== undefined) {
      this.bar.value = progress;
      if (progress === 1) this.status.textContent = t("upload.processing");
    }
    if (done) this.markDone();
    if (error) { this.status.textContent = error; this.status.classList.add("error"); this.bar.hidden = true; this.setLocked(false); }
  }

  markDone() {
    this.isDone = true;
    this.bar.value = 1;
    this.bar.hidden = false;
    this.remove.disabled = false;
    replace(this.status, renderIcon("check"), t("upload.indexed"), " ", h("a", { href: linkTo("search", { item: this.draft.id }) }, t("upload.view")));
    this.status.classList.remove("error");
  }

  setLocked(isLocked) {
    for (const input of [...this.inputs.querySelectorAll("input, select"), this.remove]) input.disabled = isLocked;
  }

  dispose() {
    this.urls.forEach((url) => URL.revokeObjectURL(url));
    this.element.remove();
  }
}

function renderTextField(label, value, onInput, props = {}) {
  const input = h("input", { type: "text", value, oninput: () => onInput(input.value.trim()), ...props });
  return renderField(label, input);
}

/** Renders an input for a metadata field; an empty one is not sent. */
function renderMetadataField({ field: name, type }, metadata) {
  const label = hasMessage(`field.${name}`) ? t(`field.${name}`) : name;
  const setValue = (value) => { if (value === "" || value === null) delete metadata[name]; else metadata[name] = value; };
  if (type === "bool") {
    const select = h("select", { onchange: () => setValue({ true: true, false: false }[select.value] ?? "") },
      h("option", { value: "" }, "–"), h("option", { value: "true" }, t("yes")), h("option", { value: "false" }, t("no")));
    return renderField(label, select);
  }
  if (type === "number") return renderTextField(label, "", (text) => setValue(text === "" ? "" : Number(text)), { type: "number", step: "any" });
  if (type === "date") return renderTextField(label, "", setValue, { type: "date" });
  return renderTextField(label, "", setValue);
}
