"use strict";
// The token stays in this tab of the browser: sessionStorage, not localStorage. `up` may hand one over as `/#token=hw_…`,
// a part of the address that is never sent to a server.
(() => {
  const handedOver = new URLSearchParams(location.hash.slice(1)).get("token");
  if (handedOver) {
    sessionStorage.setItem("token", handedOver);
    history.replaceState(null, "", location.pathname);
  }
  const examples = JSON.parse(document.getElementById("examples").textContent);
  const root = ReactDOM.createRoot(document.getElementById("graphiql"));
  const field = document.getElementById("token");
  field.value = sessionStorage.getItem("token") || "";

  // A header typed into the editor wins over the field.
  const fetcher = GraphiQL.createFetcher({
    url: "graphql",
    fetch: (url, options) => {
      const headers = new Headers(options.headers);
      if (!headers.has("Authorization") && field.value) headers.set("Authorization", `Bearer ${field.value.trim()}`);
      return fetch(url, { ...options, headers });
    },
  });

  // A new key asks for the schema again, which needs a token.
  const render = () =>
    root.render(
      React.createElement(GraphiQL, {
        key: field.value,
        fetcher,
        defaultTabs: examples,
        defaultEditorToolsVisibility: "variables",
        isHeadersEditorEnabled: true,
        shouldPersistHeaders: false,
        showPersistHeadersSettings: false,
      }),
    );

  document.getElementById("who").addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("change", () => {
    sessionStorage.setItem("token", field.value.trim());
    render();
  });
  render();
})();
