/** Bulk jobs: one is started from what lies in the container or from a feed, and watched. */

import { call, get, post } from "../lib/api.js";
import { h, icon, replace } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { emptyState, errorState, loading, notice } from "../lib/notice.js";
import { href } from "../lib/router.js";
import { isRunning, jobCard, remember, renewed } from "./jobcard.js";

export const title = "nav.jobs";

const LOOK_EVERY_MS = 2_000;
const RARELY_MS = 15_000;

/** `job` in the address is brought into sight. */
export function render(container, params, signal) {
  const view = new Jobs(signal, params.get("job"));
  replace(container, view.element);
  view.look();
}

class Jobs {
  constructor(signal, wanted) {
    this.signal = signal;
    this.wanted = wanted;
    this.looks = 0; // so that an answer that a later one has overtaken is known
    this.cards = new Map();
    this.list = h("ul.jobs");
    this.place = h("div", {}, loading());
    this.element = h("div.stack.work", { dataset: { view: "jobs" } },
      h("h1", {}, t("nav.jobs")), h("p.muted", {}, t("jobs.text")), h("div.starts", {}, this.folderForm(), this.feedForm()), h("h2", {}, t("jobs.recent")), this.place);
    signal.addEventListener("abort", () => clearTimeout(this.timer));
  }

  folderForm() {
    const prefix = h("input", { type: "text", id: "job-prefix", placeholder: t("jobs.prefix.placeholder"), maxlength: 1024, spellcheck: "false" });
    return h("form.card.stack", { onsubmit: (event) => { event.preventDefault(); this.start({ json: { prefix: prefix.value.trim() } }); } },
      h("h2", {}, t("jobs.container")), h("p.small.muted", {}, t("jobs.container.text")),
      h("label.field", {}, h("span", {}, t("jobs.prefix")), prefix),
      h("div.row", {}, h("button.primary", { type: "submit" }, icon("play"), t("jobs.start")), h("a", { href: href("upload") }, t("jobs.own_folder"))));
  }

  feedForm() {
    const file = h("input", { type: "file", id: "job-feed", accept: ".csv,.tsv,.jsonl,.ndjson,.txt,text/csv", required: true });
    return h("form.card.stack", { onsubmit: (event) => { event.preventDefault(); this.start({ form: formOf(file.files[0]) }); } },
      h("h2", {}, t("jobs.feed")), h("p.small.muted", {}, t("jobs.feed.text")),
      h("label.field", {}, h("span", {}, t("jobs.feed.file")), file),
      h("div.row", {}, h("button.primary", { type: "submit" }, icon("play"), t("jobs.start"))));
  }

  async start(body) {
    try {
      const job = await (body.form ? call("POST", "index-batch", body) : post("index-batch", body.json));
      if (body.form) remember(job, body.form.get("file").name);
      notice(t("jobs.started"));
      this.show([job, ...this.jobs ?? []]);
      this.look();
    } catch (error) {
      notice(error.message, { kind: "error" });
    }
  }

  async look() {
    const look = this.looks += 1;
    try {
      const { jobs } = await get("jobs", {}, { signal: this.signal });
      if (look === this.looks) this.show(jobs);
    } catch (error) {
      if (this.signal.aborted) return;
      // what is shown stays: one answer that did not come is no reason to stop watching
      if (!this.jobs) replace(this.place, errorState(error, () => { replace(this.place, loading()); this.look(); }));
    }
    if (look === this.looks && !this.signal.aborted) this.lookAgain();
  }

  lookAgain() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), this.jobs?.some(isRunning) ? LOOK_EVERY_MS : RARELY_MS);
  }

  show(jobs) {
    this.jobs = jobs;
    if (jobs.length === 0) return replace(this.place, emptyState(t("jobs.none"), t("jobs.none.text")));
    const before = this.cards;
    this.cards = new Map(jobs.map((job) => [job.id, before.get(job.id) ?? jobCard(job, () => this.look())]));
    for (const job of jobs) if (before.has(job.id)) renewed(this.cards.get(job.id), job, () => this.look());
    const same = [...before.keys()].join() === [...this.cards.keys()].join();
    if (!same) replace(this.list, ...this.cards.values());
    if (!this.list.isConnected) replace(this.place, this.list);
    this.cards.get(this.wanted)?.scrollIntoView({ block: "center" });
    this.wanted = null;
    return undefined;
  }
}

function formOf(file) {
  const form = new FormData();
  form.append("file", file, file.name);
  return form;
}
