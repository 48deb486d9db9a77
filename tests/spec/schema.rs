//! A revision's JSON schema: which definition a message must fit.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use jsonschema::Validator;
use serde_json::{Value, json};

pub(crate) struct Schema {
    whole: Value,
    /// `$defs`, or `definitions` in the older drafts.
    key: &'static str,
    validators: HashMap<String, Validator>,
}

impl Schema {
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let whole: Value = serde_json::from_str(&text)?;
        let key = if whole["$defs"].is_object() {
            "$defs"
        } else {
            "definitions"
        };
        Ok(Self {
            whole,
            key,
            validators: HashMap::new(),
        })
    }

    /// Checks a message of the server's; `asked` is the method of the request that it answers, if it answers one.
    /// Returns the name of what it is.
    ///
    /// # Errors
    /// Every way in which it does not fit.
    pub(crate) fn check(
        &mut self,
        message: &Value,
        asked: Option<&str>,
    ) -> Result<String, Vec<String>> {
        if let Some(error) = message.get("error") {
            let envelope = if self.has("JSONRPCErrorResponse") {
                "JSONRPCErrorResponse"
            } else {
                "JSONRPCError"
            };
            self.fits(envelope, message)?;
            let code = error["code"].as_i64().unwrap_or_default();
            // A typed error is the whole answer in this revision, or its `error` member.
            if let Some((name, whole)) = self.error_of(code) {
                self.fits(&name, if whole { message } else { error })?;
            }
            return Ok(format!("error{code}"));
        }
        if let Some(result) = message.get("result") {
            let name = self.result_of(asked.unwrap_or_default(), result);
            self.fits(&name, result)?;
            return Ok(name);
        }
        let method = message["method"].as_str().unwrap_or_default();
        let side = if message.get("id").is_some() {
            "ServerRequest"
        } else {
            "ServerNotification"
        };
        let name = self
            .by_method(side, method)
            .ok_or_else(|| vec![format!("`{method}` is no {side} of this revision")])?;
        self.fits(&name, message)?;
        Ok(name)
    }

    fn has(&self, name: &str) -> bool {
        self.whole[self.key].get(name).is_some()
    }

    /// The member of a union that has this method.
    fn by_method(&self, union: &str, method: &str) -> Option<String> {
        let definitions = &self.whole[self.key];
        let members = definitions[union]["anyOf"].as_array()?;
        let names = members
            .iter()
            .filter_map(|m| m["$ref"].as_str()?.rsplit('/').next());
        names
            .into_iter()
            .find(|name| definitions[name]["properties"]["method"]["const"] == method)
            .map(str::to_owned)
    }

    fn result_of(&self, asked: &str, result: &Value) -> String {
        match result["resultType"].as_str() {
            Some("input_required") => return "InputRequiredResult".into(),
            // An extension's, whose schema is not here.
            Some("task") => return "Result".into(),
            _ => {}
        }
        let request = self.by_method("ClientRequest", asked);
        let name = request.map(|name| name.replace("Request", "Result"));
        match name {
            Some(name) if self.has(&name) => name,
            // `ping`, `logging/setLevel` and their kin.
            Some(_) => "EmptyResult".into(),
            // An extension's method.
            None => "Result".into(),
        }
    }

    fn error_of(&self, code: i64) -> Option<(String, bool)> {
        let definitions = self.whole[self.key].as_object()?;
        definitions.iter().find_map(|(name, definition)| {
            if definition["properties"]["code"]["const"] == code {
                return Some((name.clone(), false));
            }
            let error = &definition["properties"]["error"];
            let parts = error["allOf"].as_array().into_iter().flatten();
            let mut codes = std::iter::once(error)
                .chain(parts)
                .map(|part| &part["properties"]["code"]["const"]);
            codes
                .any(|found| *found == code)
                .then(|| (name.clone(), true))
        })
    }

    fn fits(&mut self, name: &str, value: &Value) -> Result<(), Vec<String>> {
        if !self.validators.contains_key(name) {
            let mut schema = json!({ "$ref": format!("#/{}/{name}", self.key) });
            schema["$schema"] = self.whole["$schema"].clone();
            schema[self.key] = self.whole[self.key].clone();
            let validator =
                jsonschema::validator_for(&schema).map_err(|e| vec![format!("{name}: {e}")])?;
            self.validators.insert(name.to_owned(), validator);
        }
        let validator = &self.validators[name];
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|e| format!("{name} at {}: {e}", e.instance_path()))
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}
