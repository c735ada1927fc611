//! The packages of a layer, with what brought the heavy ones in.

use serde::{Deserialize, Serialize};

use super::Layer;
use super::packages::{Packages, View, Wheel};
use super::reason::Reason;

/// A package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WheelFigures {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Bytes of the wheel, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Of a heavy one: what brought it in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// Those of a layer, by name.
pub(super) fn wheels(layer: &Layer, packages: &Packages) -> Vec<WheelFigures> {
    let number = layer.consumers.iter().find_map(|consumer| packages.of.get(consumer));
    let view = number.and_then(|number| packages.views.get(*number));
    // Who has another interpreter, or is not built now, has no say.
    let has = |consumer: &&String| packages.of.get(*consumer) == number;
    let reasons = |wheel: &Wheel| -> Vec<Reason> {
        let all = view.map(|view| reasons(view, wheel)).unwrap_or_default().iter();
        let own = |reason: &Reason| reason.consumers.iter().filter(has).cloned().collect();
        all.map(|reason| Reason { consumers: own(reason), ..reason.clone() })
            .filter(|reason| !reason.consumers.is_empty())
            .collect()
    };
    let figures = |wheel: &Wheel| WheelFigures {
        name: wheel.name.clone(),
        version: wheel.version.clone(),
        bytes: wheel.size,
        reasons: reasons(wheel),
    };
    layer.packages.iter().flat_map(|packages| &packages.wheels).map(figures).collect()
}

fn reasons<'v>(view: &'v View, wheel: &Wheel) -> &'v [Reason] {
    // By name, and then by version as versions are compared, which their text does not tell.
    let first = view.wheels.partition_point(|one| one.name < wheel.name);
    let place =
        view.wheels[first..].iter().take_while(|one| one.name == wheel.name).position(|one| one == wheel);
    place.and_then(|place| view.reasons.get(&(first + place))).map(Vec::as_slice).unwrap_or_default()
}

impl WheelFigures {
    /// `torch 2.5.1`
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version).trim_end().to_owned()
    }
}
