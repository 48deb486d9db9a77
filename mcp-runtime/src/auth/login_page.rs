//! The page that signs in and asks for consent, for those who want markup of their own.
//!
//! What is decided stays here: the handle and the token in the forms, cookies, headers, the throttle, what is asked. A
//! page is looked at when the server starts, so that one without them never meets a user.

use std::fmt;
use std::sync::Arc;

use super::Auth;
use super::consent_page::{Asked, Page};
use super::secret::Secret;
use crate::settings::SettingsError;

/// A sign-in page of your own.
///
/// It gets a [`SignIn`] and returns a whole HTML document. The server sends it with its own headers (no script, no
/// outside asset, styles by [`SignIn::nonce`]), and judges what the forms post. When the server starts, the page is
/// drawn with samples: one that forgets a form's hidden fields, does not say who asks, or lets markup of a client's
/// through is refused with a sentence that says what is missing. [`check_login_page`] does the same in a test.
///
/// ```
/// use mcp_runtime::auth::{Auth, LoginPage, SignIn};
///
/// struct OurPage;
///
/// impl LoginPage for OurPage {
///     fn sign_in(&self, page: &SignIn<'_>) -> String {
///         let fields = match page.user() {
///             Some(user) => format!("<p>You are {user}. <a href='{}'>Not you?</a>", page.other_account()),
///             None => format!(
///                 "<label>Name <input name=username value='{}'></label>
///                  <label>Password <input name=password type=password></label>",
///                 page.typed_name()
///             ),
///         };
///         let scopes: String = page.scopes().map(|s| format!("<li><label>{} {}</label>", s.input(), s.words())).collect();
///         format!(
///             "<!doctype html><html lang=en><title>Sign in</title><style nonce='{}'>{}</style>
///              <main><h1>{} wants to use {}</h1> <p>{} You return to {}; it gets access to {}.
///              {}<ul>{scopes}</ul><p role=alert>{}</p>{fields}<button>Allow</button></form>
///              {}<button name=decision value=deny>Deny</button></form></main>",
///             page.nonce(), page.style(), page.client_name(), page.server_name(), page.about_client(),
///             page.redirect_host(), page.resource(), page.open_form(), page.problem(), page.open_form(),
///         )
///     }
/// }
/// # mcp_runtime::auth::check_login_page(&OurPage).unwrap();
/// let auth = Auth::embedded().login_page(OurPage);
/// ```
pub trait LoginPage: Send + Sync + 'static {
    /// The document. It has two forms, each begun by [`SignIn::open_form`]. The first is the task: what may be ticked
    /// off ([`ScopeLine::input`]), the fields `username` and `password` unless someone is signed in, and the button.
    /// The second has a button `decision` of value `deny`.
    fn sign_in(&self, page: &SignIn<'_>) -> String;
}

/// Text that strangers may have written. It prints with the characters that mean something in HTML escaped, so it can go
/// between tags and into quoted attributes as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// The text itself, for a template engine that escapes.
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// Whether there is nothing to show.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

/// What the page shows, and what its forms must carry.
pub struct SignIn<'a> {
    pub(crate) page: &'a Page,
    pub(crate) server_name: &'a str,
    /// The path to which the forms post.
    pub(crate) action: &'a str,
    pub(crate) other_account: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) style: &'a str,
}

impl fmt::Debug for SignIn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

impl<'a> SignIn<'a> {
    /// The name of this server, or of the brand.
    pub fn server_name(&self) -> Text<'a> {
        Text(self.server_name)
    }

    /// The name that the client claims; show it as unverified unless [`is_verified`](Self::is_verified), or show what
    /// [`about_client`](Self::about_client) says.
    pub fn client_name(&self) -> Text<'a> {
        Text(
            self.page
                .client
                .as_deref()
                .unwrap_or("An app without a name"),
        )
    }

    /// Whether that name is the operator's own word: a client of the configuration.
    pub fn is_verified(&self) -> bool {
        self.page.verified
    }

    /// How far that name can be trusted, and which host stands behind it, in a sentence or two.
    pub fn about_client(&self) -> Text<'a> {
        Text(&self.page.about)
    }

    /// Where the user is sent afterwards: the host, which a client cannot lie about.
    pub fn redirect_host(&self) -> Text<'a> {
        Text(&self.page.redirect_host)
    }

    /// Whether that is a program on the user's own machine.
    pub fn leads_to_this_computer(&self) -> bool {
        self.page.to_this_computer
    }

    /// What the client gets access to: this server's endpoint.
    pub fn resource(&self) -> Text<'a> {
        Text(&self.page.resource)
    }

    /// What the client asked for, line by line.
    pub fn scopes(&self) -> impl Iterator<Item = ScopeLine<'a>> + use<'a> {
        let choice = self.page.scopes.iter().any(|s| s.optional);
        let lines = self.page.scopes.iter();
        lines.map(move |asked| ScopeLine { asked, choice })
    }

    /// The OpenID provider at which users sign in: then the page has a button that leads there in place of the fields.
    pub fn provider(&self) -> Option<Text<'a>> {
        self.page.provider.as_deref().map(Text)
    }

    /// Who is signed in; `None` where the page must have the fields `username` and `password`, or the button of the
    /// [`provider`](Self::provider).
    pub fn user(&self) -> Option<Text<'a>> {
        self.page.user.as_deref().map(Text)
    }

    /// Where a link "use another account" leads.
    pub fn other_account(&self) -> Text<'a> {
        Text(self.other_account)
    }

    /// The name that was typed before, for the field `username`.
    pub fn typed_name(&self) -> Text<'a> {
        Text(&self.page.typed)
    }

    /// What went wrong with the last answer; empty the first time.
    pub fn problem(&self) -> Text<'a> {
        Text(self.page.problem.unwrap_or_default())
    }

    /// The start of a form, with the hidden fields without which its post is refused.
    pub fn open_form(&self) -> String {
        let (handle, token) = (self.page.handle.expose(), self.page.token.expose());
        let choice = match self.page.scopes.iter().any(|s| s.optional) {
            true => r#"<input type="hidden" name="scopes" value="chosen">"#,
            false => "",
        };
        format!(
            r#"<form method="post" action="{}"><input type="hidden" name="txn" value="{}"><input type="hidden" name="csrf" value="{}">{choice}"#,
            Text(self.action),
            Text(handle),
            Text(token),
        )
    }

    /// The `nonce` of a `<style>` element; without it a browser ignores the element.
    pub fn nonce(&self) -> Text<'a> {
        Text(self.nonce)
    }

    /// The style sheet of the page that this one replaces, in the brand's colours.
    pub fn style(&self) -> &'a str {
        self.style
    }
}

/// One line of what a client asked for.
#[derive(Clone, Copy)]
pub struct ScopeLine<'a> {
    asked: &'a Asked,
    choice: bool,
}

impl fmt::Debug for ScopeLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScopeLine").field(&self.asked.name).finish()
    }
}

impl<'a> ScopeLine<'a> {
    /// The scope in words.
    pub fn words(&self) -> Text<'a> {
        Text(&self.asked.words)
    }

    /// The words of other scopes that were asked for too and come with this one.
    pub fn includes(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        self.asked.includes.iter().map(|words| Text(words))
    }

    /// Whether the user may leave it out.
    pub fn is_optional(&self) -> bool {
        self.asked.optional
    }

    /// The input that the first form needs for it: a box that is ticked, a hidden one, or nothing.
    pub fn input(&self) -> String {
        let name = Text(&self.asked.name);
        match (self.asked.optional, self.choice) {
            (true, _) => format!(r#"<input type="checkbox" name="scope" value="{name}" checked>"#),
            (false, true) => format!(r#"<input type="hidden" name="scope" value="{name}">"#),
            (false, false) => String::new(),
        }
    }
}

/// A [`LoginPage`] in the settings.
#[derive(Clone)]
pub(crate) struct OwnPage(pub(crate) Arc<dyn LoginPage>);

impl fmt::Debug for OwnPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnPage(…)")
    }
}

impl Auth {
    /// A sign-in page of your own in place of ours. It is drawn with samples when the server starts, and refused where
    /// something is missing.
    #[must_use]
    pub fn login_page(self, page: impl LoginPage) -> Self {
        self.set(|c| c.login_page = Some(OwnPage(Arc::new(page))))
    }
}

/// Draws a page with samples and looks at what came out, as the server does when it starts. For a test of your page.
///
/// # Errors
/// What is missing or wrong, in one sentence.
pub fn check_login_page(page: &dyn LoginPage) -> Result<(), SettingsError> {
    let scope = |name: &str, optional| Asked {
        name: name.into(),
        words: format!("{EVIL} words-of-{name}"),
        includes: Vec::new(),
        optional,
    };
    for (user, problem, scopes) in [
        (None, None, vec![scope("base", false)]),
        (
            None,
            Some("A problem of the last time."),
            vec![scope("base", false), scope("extra", true)],
        ),
        (
            Some(format!("{EVIL} sample-user")),
            None,
            vec![scope("base", false), scope("extra", true)],
        ),
    ] {
        let sample = Page {
            verified: false,
            provider: None,
            about: "An app that registered itself; nobody has checked its name.".into(),
            handle: Secret::new("sample-handle".into()),
            token: Secret::new("sample-token".into()),
            client: Some(format!("{EVIL} sample-client")),
            redirect_host: "redirect.sample".into(),
            to_this_computer: false,
            resource: "https://sample.test/mcp".into(),
            scopes,
            user,
            typed: format!("{EVIL} sample-typed"),
            problem,
        };
        let view = SignIn {
            page: &sample,
            server_name: "The Server",
            action: "/sample/login",
            other_account: "/sample/login?account=other",
            nonce: "sample-nonce",
            style: "",
        };
        if let Some(missing) = lacks(&page.sign_in(&view), &sample) {
            return Err(SettingsError::new(format!(
                "the login page of `Auth::login_page` {missing}"
            )));
        }
    }
    Ok(())
}

/// Markup that a client might call itself by.
const EVIL: &str = r#"<img src=x onerror="'">"#;

/// What a drawn page lacks or does wrong.
fn lacks(html: &str, page: &Page) -> Option<String> {
    let shown = |what: &str, text: &str| {
        let there =
            html.contains(&Text(text).to_string()) || html.contains(&escaped_otherwise(text));
        (!there).then(|| format!("does not show {what}"))
    };
    let forms: Vec<&str> = html
        .split("<form")
        .skip(1)
        .map(|form| form.split("</form").next().unwrap_or_default())
        .collect();
    if html.contains("<img src=x") {
        return Some(
            "puts text of a stranger's into the markup unescaped: print a `Text` as it is, or give \
             `raw()` to something that escapes"
                .into(),
        );
    }
    if html.contains("<script") {
        return Some("has a script, which no browser runs here: do without".into());
    }
    if html.contains("<style") && !html.contains("sample-nonce") {
        return Some(
            "has a `<style>` that browsers ignore: give it `nonce=\"…\"` with `nonce()`".into(),
        );
    }
    if forms.len() != 2 {
        return Some(format!(
            "has {} forms: it needs two, one to allow and one to deny, each begun by `open_form()`",
            forms.len()
        ));
    }
    let whole = |form: &&str| form.contains("sample-handle") && form.contains("sample-token");
    if !forms.iter().all(whole) {
        return Some(
            "has a form without the hidden fields, whose post would be refused: begin it with \
             `open_form()`"
                .into(),
        );
    }
    let has = |form: &str, name: &str| {
        [
            format!("name={name}"),
            format!("name=\"{name}\""),
            format!("name='{name}'"),
        ]
        .iter()
        .any(|attribute| form.contains(attribute))
    };
    for field in ["username", "password"] {
        if page.user.is_none() && !has(forms[0], field) {
            return Some(format!(
                "has no field `{field}` in its first form where nobody is signed in"
            ));
        }
    }
    if has(forms[0], "decision") || !has(forms[1], "decision") || !forms[1].contains("deny") {
        return Some(
            "needs the button `name=\"decision\" value=\"deny\"` in its second form, and only there"
                .into(),
        );
    }
    if let Some(scope) = page.scopes.iter().find(|s| {
        let input = ["\"", "'", ""].map(|q| format!("value={q}{}{q}", s.name));
        page.scopes.len() > 1 && !input.iter().any(|input| forms[0].contains(input))
    }) {
        return Some(format!(
            "has no `input()` for the scope `{}` in its first form",
            scope.name
        ));
    }
    shown(
        "`client_name()`",
        page.client.as_deref().unwrap_or_default(),
    )
    .or_else(|| shown("`redirect_host()`", &page.redirect_host))
    .or_else(|| shown("`resource()`", &page.resource))
    .or_else(|| {
        page.scopes
            .iter()
            .find_map(|s| shown("`words()` of each scope", &s.words))
    })
    .or_else(|| {
        page.user
            .as_deref()
            .and_then(|user| shown("`user()`, where someone is signed in", user))
    })
    .or_else(|| {
        page.problem
            .and_then(|problem| shown("`problem()`", problem))
    })
}

/// The text as most template engines escape it: with other references for quotes, or none.
fn escaped_otherwise(text: &str) -> String {
    let escaped = Text(text).to_string();
    // Between tags quotes need no escape, and engines differ: what counts is the part around them.
    escaped
        .rsplit_once(';')
        .map_or(escaped.clone(), |(_, rest)| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page from a template with holes.
    struct Template(&'static str);

    impl LoginPage for Template {
        fn sign_in(&self, page: &SignIn<'_>) -> String {
            let fields = match page.user() {
                Some(user) => format!("<p>{user}"),
                None => "<input name=username><input name='password' type=password>".into(),
            };
            let scopes: String = page
                .scopes()
                .map(|s| s.input() + &s.words().to_string())
                .collect();
            self.0
                .replace("{open}", &page.open_form())
                .replace("{client}", &page.client_name().to_string())
                .replace("{raw}", page.client_name().raw())
                .replace("{host}", &page.redirect_host().to_string())
                .replace("{resource}", &page.resource().to_string())
                .replace("{scopes}", &scopes)
                .replace("{fields}", &fields)
                .replace("{problem}", &page.problem().to_string())
                .replace("{nonce}", &page.nonce().to_string())
        }
    }

    const GOOD: &str = "<style nonce={nonce}></style>{client} {host} {resource}{open}{scopes}{problem}{fields}<button>\
        Allow</button></form>{open}<button name=\"decision\" value=\"deny\">Deny</button></form>";

    #[test]
    fn a_page_that_forgets_something_does_not_start() {
        check_login_page(&Template(GOOD)).expect("a good page");
        let said = |html: String| {
            let page = Template(Box::leak(html.into_boxed_str()));
            check_login_page(&page).expect_err("refused").to_string()
        };
        for (hole, told) in [
            ("{client}", "`client_name()`"),
            ("{host}", "`redirect_host()`"),
            ("{resource}", "`resource()`"),
            ("{scopes}", "`words()`"),
            ("{problem}", "`problem()`"),
            ("{fields}", "`username`"),
            ("nonce={nonce}", "nonce"),
            ("name=\"decision\"", "decision"),
        ] {
            let text = said(GOOD.replacen(hole, "", 1));
            assert!(text.contains(told), "{hole}: {text}");
        }
        let forms = GOOD.replacen("{open}", "<form method=post>", 1);
        assert!(said(forms).contains("open_form()"));
        assert!(said(GOOD.replace("{client}", "{raw}")).contains("unescaped"));
        assert!(said(format!("{GOOD}<script></script>")).contains("script"));
        assert!(said("<p>Hello".into()).contains("has 0 forms"));
    }

    #[test]
    fn item_43_text_is_escaped_wherever_it_is_put() {
        let text = Text("<a href=\"x\" id='y'>&é");
        assert_eq!(
            text.to_string(),
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;é"
        );
        assert_eq!(text.raw(), "<a href=\"x\" id='y'>&é");
    }
}
