/** The GraphiQL page: where its operations go, its workers, and the examples it opens with. */
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher, createLocalStorage } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createClient } from "graphql-ws";
import { createRoot } from "react-dom/client";
import { exampleTabs } from "./examples.js";

// Piece by piece: "graphiql/style.css" would add Monaco's styles a second time, and two fonts.
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./page.css";

const page = document.getElementById("graphiql");
const url = new URL(page.dataset.url, location.href).href;
const assets = document.currentScript.src;

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = ["json", "graphql"].includes(label) ? label : "editor";
    return new Worker(new URL(`${name}.worker.js`, assets));
  },
};

const fetcher = createGraphiQLFetcher({
  url,
  // The server answers an operation whole; without this the client would ask for multipart parts.
  enableIncrementalDelivery: false,
  // Lazy: the socket opens with a subscription and closes with it, so that the next one's handshake
  // carries the cookie of whoever has signed in meanwhile.
  wsClient: createClient({ url: url.replace(/^http/, "ws"), lazy: true }),
});

// A name of its own, because other servers tried on the same host and port keep their tabs under "graphiql".
const storage = createLocalStorage({ namespace: "plainspoken" });

createRoot(page).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    plugins={[HISTORY_PLUGIN, explorerPlugin()]}
    defaultTabs={exampleTabs}
    defaultEditorToolsVisibility="variables"
  />,
);
