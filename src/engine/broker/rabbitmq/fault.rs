//! Errors as AMQP has them: a code and a text for people.

/// Why a channel or a whole connection was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The AMQP reply code. From 500 on the connection is closed, below only the channel.
    pub code: u16,
    /// For people.
    pub text: String,
}

impl Fault {
    /// 403: not for you.
    pub fn refused(text: impl Into<String>) -> Fault {
        Fault { code: 403, text: format!("ACCESS_REFUSED - {}", text.into()) }
    }

    /// 404: no such thing.
    pub fn not_found(what: &str, name: &str) -> Fault {
        Fault { code: 404, text: format!("NOT_FOUND - no {what} '{name}' in vhost '/'") }
    }

    /// 405: somebody else's.
    pub fn locked(text: impl Into<String>) -> Fault {
        Fault { code: 405, text: format!("RESOURCE_LOCKED - {}", text.into()) }
    }

    /// 406: not like this.
    pub fn precondition(text: impl Into<String>) -> Fault {
        Fault { code: 406, text: format!("PRECONDITION_FAILED - {}", text.into()) }
    }

    /// 530: not allowed.
    pub fn not_allowed(text: impl Into<String>) -> Fault {
        Fault { code: 530, text: format!("NOT_ALLOWED - {}", text.into()) }
    }

    /// 540: the server does not do this.
    pub fn not_implemented(text: impl Into<String>) -> Fault {
        Fault { code: 540, text: format!("NOT_IMPLEMENTED - {}", text.into()) }
    }

    /// 541: the server fails at this.
    pub fn internal(text: impl Into<String>) -> Fault {
        Fault { code: 541, text: format!("INTERNAL_ERROR - {}", text.into()) }
    }

    /// Whether the whole connection is closed.
    pub fn closes_connection(&self) -> bool {
        self.code >= 500
    }
}
