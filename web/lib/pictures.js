/** Pictures of the catalogue. <img> cannot send a key, so with a key they are fetched and shown as blobs. */

import { fetchResponse } from "./api.js";
import { h } from "./dom.js";
import { getKey } from "./identity.js";

const PRELOAD_MARGIN = "400px"; // pictures load before they are scrolled into view
const sources = new WeakMap();

const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) loadWithKey(target);
}, { rootMargin: PRELOAD_MARGIN });

/**
 * @param {string | null} url  as the API returns it: /api/v1/images/…
 * @param {{size?: number, alt?: string}} [options]  160, 320 or 640; without a size the original
 */
export function renderPicture(url, { size, alt = "" } = {}) {
  const image = h("img", { alt, decoding: "async", onerror: () => image.classList.add("broken"), onload: () => image.classList.remove("broken") });
  if (!url) image.classList.add("broken");
  else setPicture(image, url, size);
  return image;
}

export function setPicture(image, url, size) {
  const source = size ? `${url}?size=${size}` : url;
  if (!getKey()) {
    image.loading = "lazy";
    image.src = source;
    return;
  }
  sources.set(image, source);
  observer.unobserve(image);
  observer.observe(image);
}

async function loadWithKey(image) {
  const source = sources.get(image);
  observer.unobserve(image);
  try {
    const response = await fetchResponse("GET", source);
    const url = URL.createObjectURL(await response.blob());
    const revoke = () => URL.revokeObjectURL(url);
    image.addEventListener("load", revoke, { once: true });
    image.addEventListener("error", revoke, { once: true });
    image.src = url;
  } catch {
    image.classList.add("broken"); // the search itself reports what is wrong with the app
  }
}
