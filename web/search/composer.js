/** The one box to search with: words, pictures, both, and what is not wanted. */

import { h, icon, iconButton, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { notice } from "../lib/notice.js";
import { go } from "../lib/router.js";
import { changed } from "./address.js";
import { dropZone } from "./dropzone.js";
import { taken } from "./embedpicture.js";
import { chips } from "./querypictures.js";

const MOST = 8; // pictures; each is 700 characters of the address
const KEPT_OUT = ["saved", "name", "item", "all"];

/** @param {URLSearchParams} params  @param {AbortSignal} signal */
export function composer(params, signal) {
  let shown = params;
  const words = h("input", { type: "search", name: "q", id: "q", autocomplete: "off", enterkeyhint: "search", maxlength: 10000, placeholder: t("search.placeholder"), "aria-label": t("search.label") });
  const without = h("input", { name: "not", autocomplete: "off", maxlength: 10000, placeholder: t("search.without.placeholder") });
  const weight = h("input", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": t("search.weight"), onchange: () => submit({ replace: true }) });
  const pictures = h("ul.given", { "aria-label": t("search.pictures") });
  const blend = h("div.blend", {}, h("span", {}, t("search.weight.words")), weight, h("span", {}, t("search.weight.pictures")));
  const busy = h("p.small.muted", { role: "status" });

  const form = h("form.composer", { role: "search", onsubmit: (event) => { event.preventDefault(); submit(); } },
    h("div.ask", {}, icon("search"), words, ...pickers(add), h("button.primary", { type: "submit" }, h("span", {}, t("search.go")), icon("search"))),
    pictures, blend,
    h("div.also", {}, h("label.without", {}, h("span", {}, t("search.without")), without), h("p.hint.small.muted", {}, t("search.hint")), busy));
  dropZone(form, add, signal);

  function submit({ replace: isSame = false } = {}) {
    const given = shown.has("like") || shown.has("v");
    if (without.value.trim() && !words.value.trim() && !given) {
      words.focus();
      return notice(t("search.without.alone"), { kind: "error" });
    }
    return go("search", withoutEmpty(changed(shown, (copy) => {
      KEPT_OUT.forEach((each) => copy.delete(each));
      copy.set("q", words.value.trim());
      copy.set("not", without.value.trim());
      copy.set("w", weight.value === "0.5" ? "" : weight.value);
    })), { replace: isSame });
  }

  /** Pictures are searched with as soon as they are there. */
  async function add(files) {
    const room = MOST - shown.getAll("v").length;
    if (files.length > room) notice(t("search.too_many", { count: MOST }), { kind: "error" });
    busy.textContent = t("search.reading");
    for (const file of files.slice(0, Math.max(0, room))) await one(file);
    busy.textContent = "";
  }

  async function one(file) {
    try {
      const vector = await taken(file, undefined, signal);
      if (!shown.has("v", vector)) put((copy) => copy.append("v", vector));
    } catch (error) {
      if (!signal.aborted) notice(`${file.name || t("search.picture")}: ${error.message}`, { kind: "error" });
    }
  }

  /** Changes the pictures, and takes along what was typed and not sent yet. */
  function put(change) {
    shown = changed(shown, change);
    submit();
  }

  function update(now) {
    shown = now;
    words.value = now.get("q") ?? "";
    without.value = now.get("not") ?? "";
    weight.value = now.get("w") ?? "0.5";
    const given = [...now.getAll("like"), ...now.getAll("v")];
    replace(pictures, chips(now, { put, signal }));
    pictures.hidden = given.length === 0;
    blend.hidden = given.length === 0 || !now.get("q");
  }

  return { element: form, update };
}

function withoutEmpty(params) {
  return changed(params, (copy) => [...params].forEach(([key, value]) => value === "" && copy.delete(key)));
}

/** A file picker, and on what has no mouse the camera as well. */
function pickers(add) {
  const files = h("input", { type: "file", accept: "image/*", multiple: true, hidden: true, "aria-label": t("search.choose"), onchange: () => chosen(files) });
  const camera = h("input", { type: "file", accept: "image/*", capture: "environment", hidden: true, "aria-label": t("search.photo"), onchange: () => chosen(camera) });
  const chosen = (input) => { add([...input.files]); input.value = ""; };
  return [
    iconButton("image", t("search.choose"), { onclick: () => files.click() }), files,
    iconButton("camera", t("search.photo"), { class: "touch-only", onclick: () => camera.click() }), camera,
  ];
}

