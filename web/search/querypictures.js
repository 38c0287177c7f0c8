/** Thumbnails of the query pictures, with buttons to crop and remove them. */

import { get } from "../lib/api.js";
import { h, renderIconButton } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { showError } from "../lib/notice.js";
import { renderPicture, setPicture } from "../lib/pictures.js";
import { chooseBox } from "./crop.js";
import { embedPicture, getQueryPicture } from "./embedpicture.js";

/**
 * @param {URLSearchParams} params
 * @param {{changePictures: (change: (copy: URLSearchParams) => void) => void, signal: AbortSignal}} options
 */
export function renderQueryPictures(params, { changePictures, signal }) {
  return [
    ...params.getAll("like").map((id) => renderProduct(id, () => changePictures((copy) => copy.delete("like", id)), signal)),
    ...params.getAll("v").map((vector) => renderPhoto(vector, changePictures, signal)),
  ];
}

function renderProduct(id, remove, signal) {
  const image = renderPicture(null);
  const name = h("span.query-name", id);
  get(`products/${encodeURIComponent(id)}`, {}, { signal }).then((product) => {
    name.textContent = product.name;
    if (product.image_url) { image.classList.remove("broken"); setPicture(image, product.image_url, 160); }
  }, () => {}); // the search itself reports a missing product
  return h("li", image, name, renderIconButton("close", t("search.remove", { name: id }), { onclick: remove }));
}

function renderPhoto(vector, changePictures, signal) {
  const { file, box, preview } = getQueryPicture(vector);
  const image = preview ? h("img", { src: preview, alt: t("search.picture") }) : h("img.broken", { alt: t("search.picture.shared") });
  const remove = () => changePictures((copy) => copy.delete("v", vector));
  return h("li", image,
    file && preview && renderIconButton("crop", t("crop.title"), { onclick: cropPhoto }),
    renderIconButton("close", t("search.remove", { name: t("search.picture") }), { onclick: remove }));

  async function cropPhoto() {
    const newBox = await chooseBox(file, box);
    if (!newBox) return;
    try {
      const newVector = await embedPicture(file, newBox, signal);
      changePictures((copy) => { copy.delete("v", vector); copy.append("v", newVector); });
    } catch (error) {
      if (!signal.aborted) showError(error);
    }
  }
}
