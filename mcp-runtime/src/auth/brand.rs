//! How the pages present themselves.

use crate::settings::SettingsError;

/// The name, the mark, the colour and the words of the pages.
///
/// ```
/// # use mcp_runtime::auth::{Auth, Brand};
/// let brand = Brand::new()
///     .name("Acme")
///     .accent("#0f766e")
///     .help("Trouble? Write to help@acme.example.")
///     .link("Privacy", "https://acme.example/privacy");
/// let auth = Auth::embedded().brand(brand);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Brand {
    pub(crate) name: Option<String>,
    pub(crate) logo_svg: Option<String>,
    pub(crate) accent: Option<String>,
    pub(crate) help: Option<String>,
    /// Texts and addresses.
    pub(crate) links: Vec<(String, String)>,
}

impl Brand {
    /// The plain look, under the server's own name.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name to show in place of the server's.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A mark before the name: SVG markup, put into the page as it stands, so it must be your own. One with a script or
    /// a style of its own is refused at start-up, since browsers would not run or use it here.
    #[must_use]
    pub fn logo_svg(mut self, markup: impl Into<String>) -> Self {
        self.logo_svg = Some(markup.into());
        self
    }

    /// The colour of the button, `#rrggbb`; the text on it is white or black, whichever is easier to read. Another
    /// notation is refused at start-up.
    #[must_use]
    pub fn accent(mut self, colour: impl Into<String>) -> Self {
        self.accent = Some(colour.into());
        self
    }

    /// A line below the form: whom to ask.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// A link at the foot of each page, such as to the terms of use. An address that is not `https` is refused at
    /// start-up.
    #[must_use]
    pub fn link(mut self, text: impl Into<String>, url: impl Into<String>) -> Self {
        self.links.push((text.into(), url.into()));
        self
    }

    /// Refuses what a page cannot show.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        if let Some(colour) = &self.accent
            && channels(colour).is_none()
        {
            return Err(SettingsError::new(format!(
                "the brand's accent is `{colour}`: write a colour such as #0f766e"
            )));
        }
        if let Some(logo) = &self.logo_svg {
            let lower = logo.to_ascii_lowercase();
            let unusable = ["<script", "<style", " style=", " onload="];
            if !lower.trim_start().starts_with("<svg") || unusable.iter().any(|u| lower.contains(u))
            {
                return Err(SettingsError::new(
                    "the brand's logo must begin with `<svg` and have neither script nor style, \
                     which the pages' content policy forbids: write colours as `fill=\"#0f766e\"`",
                ));
            }
        }
        for (text, url) in &self.links {
            let https = url::Url::parse(url).is_ok_and(|url| url.scheme() == "https");
            if !https {
                return Err(SettingsError::new(format!(
                    "the brand's link `{text}` leads to `{url}`: write an https address"
                )));
            }
        }
        Ok(())
    }

    /// The accent and the colour of text on it, as a rule of the style sheet.
    pub(crate) fn rule(&self) -> Option<String> {
        let accent = self.accent.as_deref()?;
        let on = match is_light(channels(accent)?) {
            true => "#000000",
            false => "#ffffff",
        };
        Some(format!(":root{{--accent:{accent};--on-accent:{on}}}"))
    }
}

/// The channels of `#rrggbb`.
fn channels(colour: &str) -> Option<[u8; 3]> {
    let hex = colour.strip_prefix('#')?;
    if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let channel = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// Whether black stands out on it more than white (WCAG 2.2, relative luminance).
fn is_light(channels: [u8; 3]) -> bool {
    let linear = channels.map(|channel| {
        let c = f64::from(channel) / 255.0;
        match c <= 0.040_45 {
            true => c / 12.92,
            false => ((c + 0.055) / 1.055).powf(2.4),
        }
    });
    let luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_on_the_accent_can_be_read() {
        let on = |accent: &str| Brand::new().accent(accent).rule().expect("a rule");
        assert!(on("#0f766e").contains("--on-accent:#ffffff"));
        assert!(on("#facc15").contains("--on-accent:#000000"));
        assert!(on("#000000").contains("--on-accent:#ffffff"));
    }

    #[test]
    fn what_a_page_cannot_show_does_not_start() {
        let said = |brand: Brand| brand.check().expect_err("refused").to_string();
        for colour in ["teal", "#0f7", "#0f766é", "#0f766e;}"] {
            assert!(said(Brand::new().accent(colour)).contains("#0f766e"));
        }
        for logo in [
            "<img>",
            "<svg><style></style></svg>",
            "<svg style=\"\"></svg>",
        ] {
            assert!(said(Brand::new().logo_svg(logo)).contains("<svg"), "{logo}");
        }
        for url in ["http://a.example/", "javascript:alert(1)", "/terms", ""] {
            assert!(
                said(Brand::new().link("Terms", url)).contains("https"),
                "{url}"
            );
        }
        let good = Brand::new()
            .logo_svg("<svg></svg>")
            .link("Terms", "https://a.example/");
        good.check().expect("a good brand");
    }
}
