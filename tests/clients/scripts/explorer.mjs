// The explorer in a browser: node explorer.mjs CHROMIUM ADDRESS TOKEN SCREENSHOT. Prints what was seen as JSON.
import puppeteer from "puppeteer-core";

const [executablePath, address, token, path] = process.argv.slice(2);
const browser = await puppeteer.launch({
  executablePath,
  // The tests may run as root, where Chromium has no sandbox; it opens pages of ours only.
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
});
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  const elsewhere = [];
  const wrong = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${address}/`) && !/^(data|blob):/.test(url)) elsewhere.push(url);
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));

  await page.goto(`${address}/#token=${token}`);
  await page.waitForSelector(".graphiql-execute-button");
  const tabs = await page.$$eval(".graphiql-tab", (found) => found.map((tab) => tab.textContent.trim()));

  const result = () => document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue();
  const run = async () => {
    await page.click(".graphiql-execute-button");
    await page.waitForFunction(`(${result})()?.trimEnd().endsWith("}")`);
    return JSON.parse(await page.evaluate(result));
  };
  const answer = await run();
  await page.screenshot({ path });

  // The schema is there: the documentation opens on it.
  await page.click('button[aria-label="Show Documentation Explorer"]');
  await page.waitForSelector(".graphiql-doc-explorer-title");
  await page.waitForSelector(".graphiql-markdown-description, .graphiql-doc-explorer-root-type");
  const types = await page.$$eval(".graphiql-doc-explorer-root-type", (found) => found.map((kind) => kind.textContent));

  const { hash } = new URL(page.url());
  console.log(JSON.stringify({ tabs, answer, types, elsewhere, wrong, hash }));
} finally {
  await browser.close();
}
