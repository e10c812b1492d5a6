import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** Where `sluice serve` listens while the window is developed in a browser, and the token of its admin door. */
const backend = process.env["SLUICE_URL"] ?? "http://127.0.0.1:7699";
const token = process.env["SLUICE_ADMIN_TOKEN"] ?? "";

export default defineConfig({
  plugins: [svelte()],
  base: "./",
  // The oldest webviews that are supported, for popovers: WKWebView of macOS 14 and WebKitGTK 2.42.
  build: { target: ["safari17", "chrome114"], cssTarget: ["safari17", "chrome114"] },
  server: {
    proxy: {
      "/api": {
        target: backend,
        changeOrigin: true,
        configure: (proxy) => {
          proxy.on("proxyReq", (request) => {
            // The admin door refuses pages of other origins; the development server stands in for the program's own.
            request.removeHeader("origin");
            if (token) request.setHeader("authorization", `Bearer ${token}`);
          });
        },
      },
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
