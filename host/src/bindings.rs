//! Rust types and traits generated from `wit/`.

mod generated {
    #![expect(unreachable_pub, reason = "generated from wit/, which has the explanations")]

    /// What components import from this host beside WASI.
    pub mod imports {
        wasmtime::component::bindgen!({
            path: "wit",
            world: "boxoffice:host/imports",
            imports: { default: async | trappable },
            with: {
                "spin:redis/redis.connection": crate::redis::RedisConnection,
                "spin:postgres/postgres.connection": crate::postgres::PostgresConnection,
                "spin:postgres/postgres.connection-builder": crate::postgres::ConnectionBuilder,
            },
        });
    }

    /// What a component with a cron trigger exports.
    pub mod exports {
        wasmtime::component::bindgen!({
            path: "wit",
            world: "spin:cron/spin-cron",
            exports: { default: async },
        });
    }
}

pub(crate) use generated::exports::SpinCronPre;
pub(crate) use generated::exports::spin::cron::cron_types;
pub(crate) use generated::imports::spin::postgres::postgres;
pub(crate) use generated::imports::spin::redis::redis;
pub(crate) use generated::imports::spin::variables::variables;
