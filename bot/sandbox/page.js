// Easel's own part of the sandbox's page: a list of channels, and the menu under a right click.
// It runs before SimCord's scripts, and learns from their first request how to ask.
"use strict";
(() => {
  const ask = window.fetch.bind(window);
  let headers = null;

  window.fetch = async (address, options = {}) => {
    const given = options.headers || {};
    if (given["X-Simcord-Context"]) {
      const first = headers === null;
      headers = { "X-Simcord-Capability": given["X-Simcord-Capability"], "X-Simcord-Context": given["X-Simcord-Context"] };
      if (first) void drawTabs();
    }
    return ask(address, options);
  };

  async function question(kind, rest = {}) {
    if (headers === null) return {};
    const answer = await ask("/api/action", {
      method: "POST", cache: "no-store",
      headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify({ kind, ...rest }),
    });
    return answer.ok ? answer.json() : {};
  }

  function make(name, properties, ...inside) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...inside);
    return element;
  }

  // -- channels ------------------------------------------------------------------------------------------------------

  async function drawTabs() {
    const heading = document.querySelector("#messages-sidebar .sidebar-heading");
    const { tabs } = await question("easel-tabs");
    if (!heading || !tabs) return;
    document.getElementById("easel-tabs")?.remove();
    // Not in the toolbar: a second line there would change the size of everything below.
    const bar = make("nav", { id: "easel-tabs", ariaLabel: "Channels" });
    Object.assign(bar.style, { display: "grid", gap: "2px", padding: "6px 8px" });
    for (const tab of tabs) {
      const button = make("button", { type: "button", className: "toolbar-button", textContent: tab.name });
      button.setAttribute("aria-current", String(tab.here));
      Object.assign(button.style, { justifyContent: "flex-start", width: "100%" });
      if (tab.here) Object.assign(button.style, { color: "var(--discord-text)", background: "var(--workbench-control)" });
      button.addEventListener("click", async () => {
        if (tab.here) return;
        const { url } = await question("easel-go", { to: tab.to });
        if (url) window.location.assign(url);
      });
      bar.append(button);
    }
    heading.after(bar);
  }

  document.addEventListener("change", (event) => {
    // SimCord's own request about it goes first.
    if (event.target?.id === "viewer-picker") setTimeout(drawTabs, 700);
  });

  // -- menus --------------------------------------------------------------------------------------------------------

  function closeMenu() {
    document.getElementById("easel-menu")?.remove();
  }

  async function openMenu(message, x, y) {
    closeMenu();
    const { names } = await question("easel-menus");
    if (!names?.length) return;
    const menu = make("div", { id: "easel-menu", role: "menu", ariaLabel: "Apps" });
    Object.assign(menu.style, {
      position: "fixed", zIndex: 1000, minWidth: "190px", padding: "6px", borderRadius: "6px",
      background: "#111214", boxShadow: "0 8px 16px rgb(0 0 0 / 45%)", font: "14px 'Noto Sans', sans-serif",
    });
    const head = make("div", { textContent: "Apps" });
    Object.assign(head.style, { padding: "4px 8px 6px", color: "#949ba4", fontSize: "12px", fontWeight: 700 });
    menu.append(head);
    for (const name of names) {
      const entry = make("button", { type: "button", textContent: name });
      entry.setAttribute("role", "menuitem");
      Object.assign(entry.style, {
        display: "block", width: "100%", padding: "7px 8px", border: 0, borderRadius: "4px", textAlign: "left",
        color: "#dbdee1", background: "transparent", font: "inherit", cursor: "pointer",
      });
      const light = (on) => () => { entry.style.background = on ? "#5865f2" : "transparent"; };
      for (const kind of ["mouseenter", "focus"]) entry.addEventListener(kind, light(true));
      for (const kind of ["mouseleave", "blur"]) entry.addEventListener(kind, light(false));
      entry.addEventListener("click", () => {
        closeMenu();
        void question("easel-menu", { message, name });
      });
      menu.append(entry);
    }
    document.body.append(menu);
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(4, Math.min(x, window.innerWidth - width - 4))}px`;
    menu.style.top = `${Math.max(4, Math.min(y, window.innerHeight - height - 4))}px`;
    menu.querySelector("button").focus();
  }

  document.addEventListener("contextmenu", (event) => {
    const message = event.target.closest?.("#channel-message-list [data-message-id]");
    if (!message) return;
    event.preventDefault();
    const box = message.getBoundingClientRect();
    const byKey = event.clientX === 0 && event.clientY === 0;
    void openMenu(message.dataset.messageId, byKey ? box.left + 40 : event.clientX, byKey ? box.top + 20 : event.clientY);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest?.("#easel-menu")) closeMenu();
  });
  document.addEventListener("keydown", (event) => {
    const menu = document.getElementById("easel-menu");
    if (!menu) return;
    if (event.key === "Escape") closeMenu();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const entries = [...menu.querySelectorAll("button")];
    entries[(entries.indexOf(document.activeElement) + step + entries.length) % entries.length].focus();
  });
})();
