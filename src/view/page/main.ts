/// <reference lib="dom" />
import uPlot from "uplot";
import type { LiveUpdate } from "../live/update.ts";

new EventSource("/updates").addEventListener("message", ({ data }) => {
  const update: LiveUpdate = JSON.parse(data);
  document.querySelector("#title")!.textContent = update.title;
  void uPlot;
});
