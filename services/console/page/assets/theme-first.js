// Sets the chosen theme before the first paint. A classic script, because modules run later.
try {
  document.documentElement.dataset.theme = localStorage.getItem("traceria.theme") || "system";
} catch {
  document.documentElement.dataset.theme = "system";
}
