//! The commands of scenes about sections.

use domain::section::SectionKind;
use scripts::{ApplySectionsOutcome, WithholdOutcome, WithholdPlaces};

use crate::stage::{DEADLINE, Stage, seated, standing};
use crate::word::word;

impl Stage {
    pub(crate) async fn add(&mut self, name: &str, words: &[&str]) -> String {
        let number = |index: usize| words[index].parse::<u32>().unwrap();
        let section = match words[0] {
            "seated" => seated(name, number(1), number(2), 1_000),
            _ => standing(name, number(1), 1_000),
        };
        let mut sections = self.setup.sections.clone();
        if !sections.iter().any(|known| known.name == section.name) {
            sections.push(section);
        }
        let (event, version) = (self.event, self.sections_version);
        let call = scripts::apply_sections(&self.cluster, event, version, &sections, DEADLINE);
        match call.await.unwrap() {
            ApplySectionsOutcome::Applied { added } => {
                self.setup.sections = sections;
                format!("added {added}")
            }
            outcome => word(outcome),
        }
    }

    /// Applies the sections with one of them changed: its rows or its places, and its price.
    pub(crate) async fn change(
        &mut self,
        name: &str,
        size: &str,
        price: &str,
        version: i64,
    ) -> String {
        let mut sections = self.setup.sections.clone();
        let section = sections.iter_mut().find(|each| each.name.as_str() == name).unwrap();
        match &mut section.kind {
            SectionKind::Seated { rows, .. } => *rows = size.parse().unwrap(),
            SectionKind::Standing { capacity } => *capacity = size.parse().unwrap(),
        }
        section.price = price.parse().unwrap();
        let call = scripts::apply_sections(&self.cluster, self.event, version, &sections, DEADLINE);
        match call.await.unwrap() {
            ApplySectionsOutcome::Applied { added } => {
                assert_eq!(added, 0);
                self.setup.sections = sections;
                "applied".to_owned()
            }
            outcome => word(outcome),
        }
    }

    pub(crate) async fn withhold(&mut self, name: &str, places: u32, keep_ms: i64) -> String {
        let (event, version) = (self.event, self.sections_version);
        let sections = &[standing(name, places, 0)];
        let request = WithholdPlaces { event, version, keep_ms, sections };
        match scripts::withhold_places(&self.cluster, &request, DEADLINE).await.unwrap() {
            WithholdOutcome::CapacityInUse(names) => format!("capacity_in_use {}", names[0]),
            outcome => word(outcome),
        }
    }
}
