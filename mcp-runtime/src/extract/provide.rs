//! What the server provides: application state, shared values and providers that run once a call.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::Context;
use crate::result::Error;

/// An `Arc<T>` in a box: `T` may be unsized, so that `&dyn Store` can be provided too.
type Erased = Box<dyn Any + Send + Sync>;
type StateInit = Box<dyn Fn() -> BoxFuture<'static, Result<Erased, Error>> + Send + Sync>;
type PerCall = Box<dyn Fn(Context) -> BoxFuture<'static, Result<Erased, Error>> + Send + Sync>;

enum Provider {
    /// Built at first need, then shared by all calls.
    State {
        init: StateInit,
        cell: OnceCell<Erased>,
    },
    /// Built for each call that asks.
    PerCall(PerCall),
}

/// All that a server provides, by type.
#[derive(Default)]
pub(crate) struct Providers {
    by_type: HashMap<TypeId, Provider>,
}

impl Providers {
    pub(crate) fn share<T: ?Sized + Send + Sync + 'static>(&mut self, value: Arc<T>) {
        let init =
            move || futures_util::future::ready(Ok(Box::new(value.clone()) as Erased)).boxed();
        self.insert::<T>(Provider::State {
            init: Box::new(init),
            cell: OnceCell::new(),
        });
    }

    pub(crate) fn state<T, F, Fut>(&mut self, init: F)
    where
        T: Send + Sync + 'static,
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let init = move || {
            init()
                .map(|made| made.map(|v| Box::new(Arc::new(v)) as Erased))
                .boxed()
        };
        self.insert::<T>(Provider::State {
            init: Box::new(init),
            cell: OnceCell::new(),
        });
    }

    pub(crate) fn per_call<T, F, Fut>(&mut self, make: F)
    where
        T: Send + Sync + 'static,
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let make = move |ctx| {
            make(ctx)
                .map(|made| made.map(|v| Box::new(Arc::new(v)) as Erased))
                .boxed()
        };
        self.insert::<T>(Provider::PerCall(Box::new(make)));
    }

    fn insert<T: ?Sized + 'static>(&mut self, provider: Provider) {
        self.by_type.insert(TypeId::of::<Arc<T>>(), provider);
    }

    /// Whether a parameter with this key can be provided.
    pub(crate) fn has(&self, key: TypeId) -> bool {
        key == TypeId::of::<Arc<Context>>()
            || key == TypeId::of::<Arc<super::User>>()
            || self.by_type.contains_key(&key)
    }

    /// Builds all state now, so that a failure stops the start and no first call waits.
    pub(crate) async fn warm(&self) -> Result<(), Error> {
        for provider in self.by_type.values() {
            if let Provider::State { init, cell } = provider {
                cell.get_or_try_init(init).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn get<T: ?Sized + 'static>(
        &self,
        ctx: &Context,
    ) -> Result<Option<Arc<T>>, Error> {
        let key = TypeId::of::<Arc<T>>();
        match self.by_type.get(&key) {
            None => Ok(None),
            Some(Provider::State { init, cell }) => {
                let erased = cell.get_or_try_init(init).await?;
                Ok(erased.downcast_ref::<Arc<T>>().cloned())
            }
            Some(Provider::PerCall(make)) => {
                if let Some(known) = ctx.recall::<T>(key) {
                    return Ok(Some(known));
                }
                let made = make(ctx.clone()).await?;
                let value = made.downcast_ref::<Arc<T>>().cloned();
                ctx.remember(key, made);
                Ok(value)
            }
        }
    }
}

impl std::fmt::Debug for Providers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Providers")
            .field("types", &self.by_type.len())
            .finish()
    }
}
