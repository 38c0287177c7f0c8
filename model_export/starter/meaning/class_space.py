"""A vector for each ImageNet class in the teacher's space: the bridge from pictures to words.

A picture's meaning is the mean of the class vectors, weighted by the classifier's probabilities
(ConSE, arXiv:1312.5650). A text is compared in the same space after the same centring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model_export.starter.arrays import Floats, normalise_rows
from model_export.starter.meaning.class_names import ClassNames
from model_export.starter.meaning.teacher import Teacher


@dataclass(frozen=True, slots=True)
class ClassSpace:
    vectors: Floats  # [1000, 384], centred, unit length
    centre: Floats  # [384]: what all classes share; texts subtract it too


def build_class_space(teacher: Teacher, classes: ClassNames) -> ClassSpace:
    """Synonyms, name, description and hypernyms, if a class has them, weigh the same."""
    parts = (
        average_by_class(teacher, classes.synonyms),
        average_by_class(teacher, [[name] for name in classes.names]),
        average_by_class(teacher, [[description] for description in classes.descriptions]),
        average_by_class(teacher, classes.hypernyms),
    )
    vectors = normalise_rows(np.sum(parts, axis=0))
    centre = np.asarray(vectors.mean(axis=0), np.float32)
    return ClassSpace(vectors=normalise_rows(vectors - centre), centre=centre)


def average_by_class(teacher: Teacher, texts_by_class: list[list[str]]) -> Floats:
    """Returns the unit mean of each class's texts, zero for a class without any: [1000, 384]."""
    distinct = sorted({text for texts in texts_by_class for text in texts})
    vector_of = dict(zip(distinct, teacher.encode(distinct), strict=True))
    empty = np.zeros_like(next(iter(vector_of.values())))
    sums = [
        np.sum([vector_of[text] for text in texts], axis=0) if texts else empty
        for texts in texts_by_class
    ]
    return normalise_rows(np.stack(sums))
