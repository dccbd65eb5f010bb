//! The table of error codes: one code, one meaning, one exit status, everywhere.

/// What went wrong, as programs compare it. The exit statuses are those of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Input that isn't what it should be.
    Invalid,
    /// Nothing has that name, uuid or version.
    NotFound,
    /// Something else has that identity, or the record moved on.
    Conflict,
    /// Others point to the record that should be removed.
    InUse,
    /// The record isn't the one that the caller has seen.
    PreconditionFailed,
    /// The caller may not do that.
    Denied,
    /// Nobody knows who asks: a credential is missing or of no use.
    Unauthenticated,
    /// Too much was asked too quickly.
    RateLimited,
    /// It can't be done now, or not by this version.
    Unavailable,
    /// Nobody knows whether the command was committed.
    UnknownOutcome,
    /// Input larger than allowed.
    TooLarge,
    /// A request whose content has a type that isn't taken there.
    BadMediaType,
    /// A request with a method that isn't taken there.
    BadMethod,
    /// A request that took longer than allowed.
    Timeout,
    /// An idempotency key that was given to another request.
    KeyReused,
    /// Stored bytes aren't what was written.
    Integrity,
    /// That revision is no longer kept.
    Compacted,
    /// That list can't be continued.
    CursorExpired,
    /// A fault in Deedbook itself.
    Internal,
}

impl Code {
    /// All codes, in the order of the documentation.
    pub const ALL: [Code; 19] = [
        Code::Invalid,
        Code::NotFound,
        Code::Conflict,
        Code::InUse,
        Code::PreconditionFailed,
        Code::Denied,
        Code::Unauthenticated,
        Code::RateLimited,
        Code::Unavailable,
        Code::UnknownOutcome,
        Code::TooLarge,
        Code::BadMediaType,
        Code::BadMethod,
        Code::Timeout,
        Code::KeyReused,
        Code::Integrity,
        Code::Compacted,
        Code::CursorExpired,
        Code::Internal,
    ];

    /// The code as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Exit status of a command that fails with this code.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        self.row().1
    }

    /// What the code means, one sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.row().2
    }

    /// What to do about it, one sentence.
    #[must_use]
    pub fn advice(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> (&'static str, u8, &'static str, &'static str) {
        match self {
            Code::Invalid => (
                "invalid",
                2,
                "The input is not what it should be; nothing was changed.",
                "Mend each issue that is listed with its pointer and line, then try again.",
            ),
            Code::NotFound => (
                "not_found",
                3,
                "Nothing in the book (or on disk) has that name, uuid or version.",
                "List what there is with `deedbook registry ls`, or look at the past with --at.",
            ),
            Code::Conflict => (
                "conflict",
                4,
                "Something else already has that identity, or the record changed since it was read.",
                "Read the record again and decide on what it says now.",
            ),
            Code::InUse => (
                "in_use",
                4,
                "Other records point to the one that should be removed; nothing was changed.",
                "Remove or move those first, or repeat it with --force to leave them as they are.",
            ),
            Code::PreconditionFailed => (
                "precondition_failed",
                4,
                "The record isn't as the request's If-Match or If-None-Match wants it.",
                "Read the record again and decide on what it says now.",
            ),
            Code::Denied => (
                "denied",
                5,
                "The caller may not do that, or the folder may not be read or written.",
                "Check who you are and the permissions of the data folder.",
            ),
            Code::Unauthenticated => (
                "unauthenticated",
                5,
                "A credential is required, or the one that was shown is of no use.",
                "Send `Authorization: Bearer TOKEN`; `deedbook token create` makes a token.",
            ),
            Code::RateLimited => (
                "rate_limited",
                6,
                "Too many requests of that kind came from there in a short time.",
                "Wait for as long as Retry-After says, then try again.",
            ),
            Code::Unavailable => (
                "unavailable",
                6,
                "It can't be done now (full disk, busy writer) or not by this version.",
                "Mend the cause that the message names and try again; nothing was changed.",
            ),
            Code::UnknownOutcome => (
                "unknown_outcome",
                6,
                "The command may or may not have been committed; the storage gave no answer.",
                "Look at the record, then send the same command again if it is not there.",
            ),
            Code::TooLarge => (
                "too_large",
                2,
                "The input is larger than allowed; nothing was changed.",
                "Split the command, or shorten the document to the limit that the message names.",
            ),
            Code::BadMediaType => (
                "bad_media_type",
                2,
                "The request's content has a type, a charset or an encoding that isn't taken there.",
                "Send JSON or YAML in UTF-8 and say which in Content-Type.",
            ),
            Code::BadMethod => (
                "bad_method",
                2,
                "That address exists, but not with this method.",
                "Use one of the methods that the answer's Allow header lists.",
            ),
            Code::Timeout => (
                "timeout",
                6,
                "The request didn't arrive in the time that it may take.",
                "Send it again; nothing was changed.",
            ),
            Code::KeyReused => (
                "key_reused",
                2,
                "The idempotency key was given to another request before; nothing was changed.",
                "Draw a fresh key for each new request, and repeat one only with the same request.",
            ),
            Code::Integrity => (
                "integrity",
                7,
                "Stored bytes are not what was written: damaged, cut, or changed by somebody else.",
                "Don't write to it. Run `deedbook audit verify`, keep the folder, restore a backup.",
            ),
            Code::Compacted => (
                "compacted",
                9,
                "That revision lies below the floor: compaction removed it.",
                "Ask for a revision from the floor on, or restore a backup that still has it.",
            ),
            Code::CursorExpired => (
                "cursor_expired",
                9,
                "The revision that the cursor is pinned to is no longer kept.",
                "Start the list again from its beginning.",
            ),
            Code::Internal => (
                "internal",
                70,
                "A fault in Deedbook itself; it is not your input.",
                "Report it with the message and the version (`deedbook --version`).",
            ),
        }
    }
}
