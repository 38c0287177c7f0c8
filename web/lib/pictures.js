/** Pictures of the catalogue. <img> cannot send a key: with one they are fetched and shown as blobs. */

import { fetched } from "./api.js";
import { h } from "./dom.js";
import { key } from "./identity.js";

const AHEAD = "400px"; // of the screen: a picture is there when one scrolls to it
const wanted = new WeakMap();

const watching = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) load(target);
}, { rootMargin: AHEAD });

/**
 * @param {string | null} url  as the API gives it: /api/v1/images/…
 * @param {{size?: number, alt?: string}} [options]  160, 320 or 640; without a size the original
 */
export function picture(url, { size, alt = "" } = {}) {
  const image = h("img", { alt, decoding: "async" });
  image.addEventListener("error", () => image.classList.add("broken"));
  image.addEventListener("load", () => image.classList.remove("broken"));
  if (!url) image.classList.add("broken");
  else show(image, url, size);
  return image;
}

/** Another picture in the same element. */
export function show(image, url, size) {
  const source = size ? `${url}?size=${size}` : url;
  if (!key()) {
    image.loading = "lazy";
    image.src = source;
    return;
  }
  wanted.set(image, source);
  watching.unobserve(image);
  watching.observe(image);
}

async function load(image) {
  const source = wanted.get(image);
  watching.unobserve(image);
  try {
    const answer = await fetched("GET", source);
    const url = URL.createObjectURL(await answer.blob());
    const done = () => URL.revokeObjectURL(url);
    image.addEventListener("load", done, { once: true });
    image.addEventListener("error", done, { once: true });
    image.src = url;
  } catch {
    image.classList.add("broken"); // the search itself says what is wrong with the app
  }
}
