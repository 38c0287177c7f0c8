/** The search box: words, pictures or both, and what to exclude. */

import { h, renderIcon, renderIconButton, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { showError } from "../lib/notice.js";
import { go } from "../lib/router.js";
import { editCopy } from "./address.js";
import { acceptPictures } from "./dropzone.js";
import { embedPicture } from "./embedpicture.js";
import { renderQueryPictures } from "./querypictures.js";

const MAX_PICTURES = 8; // each takes 700 characters of the address
const RESET_PARAMS = ["saved", "name", "item", "all"];

/** @param {URLSearchParams} params  @param {AbortSignal} signal */
export function createComposer(params, signal) {
  let current = params;
  const queryInput = h("input", { type: "search", name: "q", id: "q", autocomplete: "off", enterkeyhint: "search", maxlength: 10000, placeholder: t("search.placeholder"), "aria-label": t("search.label") });
  const negativeInput = h("input", { name: "not", autocomplete: "off", maxlength: 10000, placeholder: t("search.exclude.placeholder") });
  const weightInput = h("input", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": t("search.weight"), onchange: () => submit({ replace: true }) });
  const pictureList = h("ul.query-pictures", { "aria-label": t("search.pictures") });
  const weightRow = h("div.weight", h("span", t("search.weight.words")), weightInput, h("span", t("search.weight.pictures")));
  const status = h("p.small.muted", { role: "status" });

  const form = h("form.composer", { role: "search", onsubmit: (event) => { event.preventDefault(); submit(); } },
    h("div.search-row", renderIcon("search"), queryInput, ...renderPickers(addPictures), h("button.primary", { type: "submit" }, h("span", t("search.go")), renderIcon("search"))),
    pictureList, weightRow,
    h("div.more-options", h("label.exclude", h("span", t("search.exclude")), negativeInput), h("p.hint.small.muted", t("search.hint")), status));
  acceptPictures(form, addPictures, signal);

  function submit(options = {}) {
    const hasExamples = current.has("like") || current.has("v");
    if (negativeInput.value.trim() && !queryInput.value.trim() && !hasExamples) {
      queryInput.focus();
      return showError(t("search.exclude.alone"));
    }
    return go("search", dropEmptyParams(editCopy(current, (copy) => {
      RESET_PARAMS.forEach((name) => copy.delete(name));
      copy.set("q", queryInput.value.trim());
      copy.set("not", negativeInput.value.trim());
      copy.set("w", weightInput.value === "0.5" ? "" : weightInput.value);
    })), options);
  }

  async function addPictures(files) {
    const room = MAX_PICTURES - current.getAll("v").length;
    if (files.length > room) showError(t("search.too_many", { count: MAX_PICTURES }));
    status.textContent = t("search.reading");
    for (const file of files.slice(0, Math.max(0, room))) await addPicture(file);
    status.textContent = "";
  }

  async function addPicture(file) {
    try {
      const vector = await embedPicture(file, undefined, signal);
      if (!current.has("v", vector)) changePictures((copy) => copy.append("v", vector));
    } catch (error) {
      if (!signal.aborted) showError(`${file.name || t("search.picture")}: ${error.message}`);
    }
  }

  /** Changes the pictures and submits, together with what was typed but not sent yet. */
  function changePictures(change) {
    current = editCopy(current, change);
    submit();
  }

  function update(params) {
    current = params;
    queryInput.value = params.get("q") ?? "";
    negativeInput.value = params.get("not") ?? "";
    weightInput.value = params.get("w") ?? "0.5";
    const examples = [...params.getAll("like"), ...params.getAll("v")];
    replace(pictureList, renderQueryPictures(params, { changePictures, signal }));
    pictureList.hidden = examples.length === 0;
    weightRow.hidden = examples.length === 0 || !params.get("q");
  }

  return { element: form, update };
}

function dropEmptyParams(params) {
  return editCopy(params, (copy) => [...params].forEach(([key, value]) => value === "" && copy.delete(key)));
}

/** Renders a file picker, and on touch screens the camera as well. */
function renderPickers(addPictures) {
  const createPicker = (label, options) => {
    const input = h("input", { type: "file", accept: "image/*", hidden: true, "aria-label": label, ...options, onchange: () => { addPictures([...input.files]); input.value = ""; } });
    return input;
  };
  const files = createPicker(t("search.choose"), { multiple: true });
  const camera = createPicker(t("search.photo"), { capture: "environment" });
  return [
    renderIconButton("image", t("search.choose"), { onclick: () => files.click() }), files,
    renderIconButton("camera", t("search.photo"), { class: "touch-only", onclick: () => camera.click() }), camera,
  ];
}
