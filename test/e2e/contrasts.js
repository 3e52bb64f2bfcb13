// Runs in the page, as an expression whose value is what `contrasts` returns.
;(() => {
  const channels = (color) => color.match(/[\d.]+/g).map(Number)
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((part) => linear(part / 255))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (node) => {
    for (let at = node; at !== null; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor)
      if (color.length === 3 || color[3] === 1) return color
    }
    return [255, 255, 255]
  }
  const ratio = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
  const found = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode.data.trim()
    const parent = texts.currentNode.parentElement
    if (text === '' || !parent.checkVisibility() || parent.closest('script, noscript') !== null) continue
    const ink = luminance(channels(getComputedStyle(parent).color))
    found.push({ text: text.slice(0, 60), ratio: ratio(ink, luminance(behind(parent))) })
  }
  return found
})()
