"""A page printed from dark mode is as light as paper."""


def test_the_dark_page_prints_light(open_page):
    page, _ = open_page("book/strategies.html", "dark")
    colours = "[document.body, document.querySelector('article p'), document.querySelector('article td')]" \
              ".map(e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor])"
    assert brightness(page.evaluate(colours)[0][1]) < 0.2, "the page is not dark on the screen"
    light, _ = open_page("book/strategies.html", "light")
    light.emulate_media(media="print")
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert page.evaluate(colours) == light.evaluate(colours)
    page.emulate_media(media="screen", color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")


def brightness(colour):
    """Return the mean of red, green and blue of ``rgb(...)``, 0 to 1."""
    return sum(map(float, colour.removeprefix("rgb(").removesuffix(")").split(","))) / 3 / 255
