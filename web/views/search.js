/** The search view: what the address asks for, found and shown. */

import { get } from "../lib/api.js";
import { h, icon, replace } from "../lib/dom.js";
import { number, t } from "../lib/i18n.js";
import { notice, slowly } from "../lib/notice.js";
import { current, go, href } from "../lib/router.js";
import { changed, essence } from "../search/address.js";
import { ask, requestOf } from "../search/request.js";
import { composer } from "../search/composer.js";
import { details } from "../search/details.js";
import { facetsFor, filterChips, filterPanel } from "../search/filters.js";
import { resultGrid, sizeSwitch } from "../search/results.js";
import { failed, messages, nothing, skeleton, weaker } from "../search/resultstates.js";
import { sortChoice } from "../search/sorting.js";

export const title = "nav.search";

/** @type {Search | null} */
let search = null;

export function render(container, params, signal) {
  search = new Search(params, signal);
  replace(container, search.element);
  search.update(params);
}

export function update(params) {
  search?.update(params);
}

class Search {
  constructor(params, signal) {
    this.signal = signal;
    this.asked = null; // the essence of what is shown
    this.running = new AbortController();
    this.page = null;
    this.count = 0;
    this.panel = null; // the open product's
    const choose = (next) => go("search", next);
    this.composer = composer(params, signal);
    this.filters = filterPanel(choose);
    this.grid = resultGrid((product) => this.openFromGrid(product));
    this.sort = sortChoice(choose);
    this.chips = h("div.row.chips");
    this.says = h("p.says", { role: "status" });
    this.messages = h("div.stack");
    this.body = h("div.found", { tabindex: -1 });
    this.weaker = h("p.weaker");
    this.more = h("button.more", { type: "button", onclick: () => this.loadMore() }, t("more"));
    this.save = h("a.button.quiet", { href: href("saved", { save: "1" }) }, icon("saved"), h("span", {}, t("search.save")));
    this.tools = h("div.tools", {}, this.says, this.save, this.sort.element, sizeSwitch((size) => this.grid.resize(size)));
    this.element = h("div.search-view", {}, h("h1.hidden-label", {}, t("nav.search")), this.composer.element,
      h("div.columns", {}, this.filters.element, h("section.results", { "aria-label": t("results") }, this.tools, this.chips, this.messages, this.body)));
    signal.addEventListener("abort", () => { this.running.abort(); this.panel?.remove(); });
  }

  update(params) {
    sessionStorage.setItem("search", params.toString());
    if (essence(params) !== this.asked) this.run(params);
    this.showItem(params);
  }

  async run(params) {
    this.asked = essence(params);
    document.title = [params.get("q") || params.get("name") || t(title), t("app.name")].join(" · ");
    this.running.abort();
    this.running = new AbortController();
    const { signal } = this.running;
    this.composer.update(params);
    this.element.classList.toggle("saved", params.has("saved"));
    this.save.hidden = requestOf(params) === null;
    replace(this.chips, savedName(params), filterChips(params, (next) => go("search", next)));
    this.busy(true);
    performance.mark("search-asked");
    this.loadFacets(params, signal);
    try {
      this.show(await ask(params, { signal }), params);
    } catch (error) {
      if (!signal.aborted) this.fail(error, params);
    }
  }

  busy(isBusy) {
    this.body.setAttribute("aria-busy", String(isBusy));
    if (!isBusy) return;
    this.says.textContent = t("loading");
    slowly(() => { this.says.textContent = t("loading.slow"); }, this.running.signal, () => this.body.getAttribute("aria-busy") === "true");
    if (this.count === 0) replace(this.body, skeleton());
  }

  show(page, params) {
    performance.mark("search-answered", { detail: { api_ms: page.took_ms } });
    this.page = page;
    this.count = page.results.length;
    const hadFocus = this.body.contains(document.activeElement);
    this.busy(false);
    replace(this.messages, messages(page, () => this.run(params)));
    if (this.count === 0) replace(this.body, nothing(params));
    else {
      this.grid.show(page.results);
      replace(this.body, this.grid.element, this.more, this.weaker);
    }
    if (hadFocus && !this.grid.focus()) this.body.focus({ preventScroll: true });
    this.tell();
    requestAnimationFrame(() => setTimeout(() => performance.mark("results-painted")));
  }

  /** How many, and how long the app took. */
  tell() {
    this.more.hidden = !this.page.more;
    replace(this.weaker, !this.page.more && weaker(current().params));
    const key = this.page.isListing ? "says.products" : "says.matches";
    const parts = [this.count > 0 && t(this.page.more ? `${key}.more` : key, { count: this.count })];
    if (this.page.took_ms !== null) parts.push(t("says.took", { ms: number(Math.max(1, Math.round(this.page.took_ms))) }));
    this.says.textContent = parts.filter(Boolean).join(" · ");
  }

  fail(error, params) {
    this.count = 0;
    this.busy(false);
    this.says.textContent = "";
    replace(this.messages);
    replace(this.body, failed(error, () => this.run(params)));
  }

  async loadMore() {
    this.more.disabled = true;
    const hadFocus = document.activeElement === this.more;
    const { signal } = this.running;
    try {
      const page = await ask(current().params, { cursor: this.page.cursor, offset: this.count, signal });
      this.page = page;
      this.count += page.results.length;
      this.grid.add(page.results, hadFocus);
      this.tell();
    } catch (error) {
      if (!signal.aborted) notice(error.message, { kind: "error", action: { label: t("retry"), run: () => this.loadMore() } });
    }
    this.more.disabled = false;
  }

  async loadFacets(params, signal) {
    try {
      const { facets } = await facetsFor(params, signal);
      this.filters.update(params, facets);
      this.sort.update(params, facets, requestOf(params) !== null);
    } catch (error) {
      if (!signal.aborted) this.filters.update(params, []); // the search beside it says what is wrong
    }
  }

  openFromGrid(product) {
    this.cameFromGrid = true;
    go("search", changed(current().params, (copy) => copy.set("item", product.id)));
  }

  async showItem(params) {
    const id = params.get("item");
    if (this.panel && this.panel.dataset.id !== id) this.closePanel();
    if (!id || this.panel) return;
    try {
      const product = this.grid.find(id) ?? (await get(`products/${encodeURIComponent(id)}`, {}, { signal: this.signal }));
      if (current().params.get("item") !== id || this.panel) return;
      const panel = details(product, { explain: this.page?.explain, onclose: () => this.panelClosed(panel) });
      panel.dataset.id = id;
      this.panel = panel;
    } catch (error) {
      if (!this.signal.aborted) notice(error.message, { kind: "error" });
    }
  }

  /** Because the address says so: back was pressed. */
  closePanel() {
    const panel = this.panel;
    this.panel = null;
    this.cameFromGrid = false;
    panel.close();
  }

  /** By hand: the address follows, unless it led the way. */
  panelClosed(panel) {
    this.grid.focus(panel.dataset.id);
    if (this.panel !== panel) return;
    this.panel = null;
    if (this.cameFromGrid) history.back();
    else go("search", changed(current().params, (copy) => copy.delete("item")), { replace: true });
    this.cameFromGrid = false;
  }
}

function savedName(params) {
  return params.has("saved") && h("span.chip", {}, icon("saved"), params.get("name") || t("nav.saved"));
}
