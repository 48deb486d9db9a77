//! What the tests share: servers that really listen, clients that really send.

pub(crate) mod browser;
mod database;
pub(crate) mod flow;
mod http;
pub(crate) mod jwt;
mod log;
pub(crate) mod page;
mod params;
pub(crate) mod process;
mod raw;
mod server;
mod tools;
mod web;

pub(crate) use browser::Browser;
pub(crate) use database::{Database, File};
pub(crate) use flow::{Flow, LOOPBACK, Tokens, WEB};
pub(crate) use http::{Door, Reply};
pub(crate) use jwt::{Forge, claims, header};
pub(crate) use log::Log;
pub(crate) use page::Page;
pub(crate) use params::Params;
pub(crate) use raw::raw;
pub(crate) use server::{Setup, TestServer};
pub(crate) use web::{APP, Canned, Names, Web};
