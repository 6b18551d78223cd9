//! A search domain whose state a test sets.

use std::sync::{Arc, Mutex};

use ports::{DependencyError, DomainHealth, Health};

/// The domain; healthy until a test changes it.
#[derive(Debug, Clone)]
pub struct FakeDomain(Arc<Mutex<Health>>);

impl FakeDomain {
    /// What it answers from now on.
    ///
    /// # Panics
    ///
    /// When another test panicked in the middle of this call.
    pub fn set(&self, health: Health) {
        *self.0.lock().expect("no test panics with the lock held") = health;
    }
}

impl Default for FakeDomain {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Health::Well)))
    }
}

impl DomainHealth for FakeDomain {
    async fn health(&self) -> Result<Health, DependencyError> {
        Ok(self
            .0
            .lock()
            .expect("no test panics with the lock held")
            .clone())
    }
}
