/** All of one product: its pictures, what the shop says of it, and why it was found. */

import { modal } from "../lib/dialog.js";
import { h, icon } from "../lib/dom.js";
import { number, t } from "../lib/i18n.js";
import { picture, show } from "../lib/pictures.js";
import { href } from "../lib/router.js";
import { moreLike, price, scoreText } from "./card.js";
import { fieldName, valueName } from "./filters.js";
import { marks } from "./preferencebuttons.js";

/**
 * Opens the panel.
 * @param {any} product  as the API gives it
 * @param {{explain?: any, onclose: () => void}} options  `explain` is the answer's: weights and candidates
 */
export function details(product, { explain, onclose }) {
  return modal({
    title: product.name,
    kind: "details",
    onclose,
    content: h("div.sheet", {}, gallery(product), facts(product, explain)),
  });
}

function gallery(product) {
  const name = product.name;
  const main = picture(product.images[0] ?? product.image_url, { size: 640, alt: name });
  const shownFirst = product.image_url ?? product.images[0];
  if (shownFirst) show(main, shownFirst, 640);
  const thumbs = product.images.map((url, place) => {
    const button = h("button.thumb", {
      type: "button",
      "aria-label": t("details.picture", { count: place + 1 }),
      "aria-pressed": String(url === shownFirst),
      onclick: () => {
        show(main, url, 640);
        for (const each of button.parentElement.children) each.setAttribute("aria-pressed", String(each === button));
      },
    }, picture(url, { size: 160 }));
    return button;
  });
  return h("div.gallery", {}, h("div.plate", {}, main), thumbs.length > 1 && h("div.thumbs", {}, thumbs));
}

function facts(product, explain) {
  return h("div.stack", {},
    price(product) && h("p.price.number", {}, price(product)),
    product.description && h("p", {}, product.description),
    h("div.row", {}, h("button.primary", { type: "button", onclick: () => moreLike(product) }, icon("similar"), t("similar.short")), marks(product.id)),
    metadata(product),
    product.explain && why(product, explain),
    product.near_duplicates?.length > 0 && h("p.small.muted", {}, t("details.duplicates"), product.near_duplicates.map((id) => [" ", h("a", { href: href("search", { like: product.id, item: id }) }, id)])));
}

function metadata(product) {
  const rows = [[t("details.id"), product.id], ...Object.entries(product.metadata).map(([field, value]) => [fieldName(field), plain(value)])];
  return h("dl.metadata", {}, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function plain(value) {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  return value !== null && typeof value === "object" ? JSON.stringify(value) : valueName(value ?? "–");
}

/** What each view says, and how much it counts. */
function why(product, explain) {
  const views = Object.entries(product.explain);
  return h("section.why", {}, h("h3", {}, t("why")),
    h("p.small.muted", {}, t("why.score", { score: scoreText(product.score) })),
    views.map(([view, { rank, similarity }]) => h("div.view", {},
      h("span", {}, t(`why.${view}`)),
      view === "lexical" ? h("span") : meter(similarity, t(`why.${view}`)),
      h("span.number.small.muted", {}, t("why.says", { similarity: number(similarity, { maximumFractionDigits: 2 }), rank: number(rank) }), weight(explain, view)))));
}

function meter(similarity, label) {
  return h("span.meter", { role: "img", "aria-label": `${label}: ${number(similarity, { maximumFractionDigits: 2 })}` },
    h("span", { style: { width: `${Math.max(0, Math.min(1, similarity)) * 100}%` } }));
}

function weight(explain, view) {
  const counted = explain?.weights?.[view];
  return counted === undefined ? "" : ` · ${t("why.weight", { weight: number(counted, { maximumFractionDigits: 2 }) })}`;
}
