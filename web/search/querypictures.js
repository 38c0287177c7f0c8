/** The pictures that are searched with, small, each with what can be done with it. */

import { get } from "../lib/api.js";
import { h, iconButton } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { notice } from "../lib/notice.js";
import { picture, show } from "../lib/pictures.js";
import { chooseBox } from "./crop.js";
import { known, taken } from "./embedpicture.js";

/**
 * @param {URLSearchParams} params
 * @param {{put: (change: (copy: URLSearchParams) => void) => void, signal: AbortSignal}} on
 */
export function chips(params, { put, signal }) {
  return [
    ...params.getAll("like").map((id) => product(id, () => put((copy) => copy.delete("like", id)), signal)),
    ...params.getAll("v").map((vector) => photo(vector, put, signal)),
  ];
}

function product(id, remove, signal) {
  const image = picture(null);
  const name = h("span.given-name", {}, id);
  get(`products/${encodeURIComponent(id)}`, {}, { signal }).then((found) => {
    name.textContent = found.name;
    if (found.image_url) { image.classList.remove("broken"); show(image, found.image_url, 160); }
  }, () => {}); // the search itself tells of a product that is not there
  return h("li", {}, image, name, iconButton("close", t("search.remove", { name: id }), { onclick: remove }));
}

function photo(vector, put, signal) {
  const { file, box, preview } = known(vector);
  const image = preview ? h("img", { src: preview, alt: t("search.picture") }) : h("img.broken", { alt: t("search.picture.elsewhere") });
  const remove = () => put((copy) => copy.delete("v", vector));
  return h("li", {}, image,
    file && preview && iconButton("crop", t("crop.title"), { onclick: () => crop() }),
    iconButton("close", t("search.remove", { name: t("search.picture") }), { onclick: remove }));

  async function crop() {
    const part = await chooseBox(file, box);
    if (!part) return;
    try {
      const other = await taken(file, part, signal);
      put((copy) => { copy.delete("v", vector); copy.append("v", other); });
    } catch (error) {
      if (!signal.aborted) notice(error.message, { kind: "error" });
    }
  }
}
