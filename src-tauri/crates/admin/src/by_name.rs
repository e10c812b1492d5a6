//! The operations by name, for a door that knows only JSON: the command line when no gateway runs.

use std::sync::Arc;

use serde_json::Value;

use crate::fault::understood;
use crate::{Fault, Sluice};

/// Performs the named operation of the table.
pub async fn perform(sluice: &Arc<Sluice>, name: &str, request: Value) -> Result<Value, Fault> {
    macro_rules! arms {
        ($($operation:ident($request:ty) -> $reply:ty;)*) => {
            match name {
                $(stringify!($operation) => {
                    let reply = crate::$operation(sluice, understood(request)?).await?;
                    serde_json::to_value(reply).map_err(|error| Fault::failed(error.to_string()))
                })*
                _ => Err(Fault::not_found(format!("there is no operation {name:?}"))),
            }
        };
    }
    crate::operations!(arms)
}
